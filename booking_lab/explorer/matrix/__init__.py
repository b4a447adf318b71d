"""Every strategy on every workload, and every two beside each other."""
