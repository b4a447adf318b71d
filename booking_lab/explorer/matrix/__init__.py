"""The matrix of all strategies and workloads, and the mixtures of two strategies."""
