"""Values that are made public at once are what each of them would have been."""

import pytest
from prometheus_client import CollectorRegistry, Histogram, Summary

from booking_lab.observers import metrics

BUCKETS = (0.05, 0.5, 5)


@pytest.fixture
def registries():
    return CollectorRegistry(), CollectorRegistry()


def shown(registry):
    return {
        (one.name, one.labels.get("le")): one.value
        for family in registry.collect()
        for one in family.samples
        if not one.name.endswith("_created")
    }


@pytest.mark.parametrize("values", [[], [0.05], [0.04, 0.05, 0.06], [3, 0.1, 2, 0.1, 700]])
def test_of_a_histogram(registries, values):
    at_once, each = (Histogram("h", "h", buckets=BUCKETS, registry=one) for one in registries)
    metrics.observe_histogram(at_once, values)
    for value in values:
        each.observe(value)

    assert shown(registries[0]) == shown(registries[1])


def test_of_a_summary(registries):
    at_once, each = (Summary("s", "s", registry=one) for one in registries)
    metrics.observe_summary(at_once, [1, 2, 5])
    for value in (1, 2, 5):
        each.observe(value)

    assert shown(registries[0]) == shown(registries[1])
