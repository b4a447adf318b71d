"""Conformance tests: they compare strategies, the lab's own and yours, with their declarations.

    pytest --pyargs booking_lab.conformance --strategy my_strategy

``--strategy`` takes the name of a strategy or a file; by default, all strategies of the lab are
tested. The tests run on servers of their own. They skip the workloads that lack a capability which
the strategy needs.

``allows`` is checked in both directions: the strategy shows no other anomaly, and it shows each of
these.
"""
