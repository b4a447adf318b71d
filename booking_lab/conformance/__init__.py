"""Holds strategies to their word, the lab's own and yours.

    pytest --pyargs booking_lab.conformance --strategy my_strategy

``--strategy`` takes the name of a strategy that the lab finds, or a file; without it, all that the
lab offers are tested. Everything runs on servers of its own. What is skipped is decided by what a
strategy needs and a workload can do.

A strategy is held to ``allows`` in both directions: it shows no other anomaly, and it shows these.
"""
