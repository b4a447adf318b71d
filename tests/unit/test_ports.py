"""Tests that start labs side by side take no port of each other."""

from concurrent.futures import ProcessPoolExecutor

from tests.ports import free_ports


def test_nobody_gets_a_port_that_somebody_else_was_given():
    with ProcessPoolExecutor(3) as processes:
        firsts = list(processes.map(free_ports, [2] * 12))

        given = [port for first in [*firsts, free_ports(2)] for port in (first, first + 1)]

    assert len(set(given)) == len(given)
