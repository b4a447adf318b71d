"""The scenarios of slots: times, products, both at once, moves and cancellations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from booking_lab.core.scenario import Places, Scenario, booker_name, change_scenarios
from booking_lab.workloads.slots.requests import Product, SlotRequest

#: A tenant with a resource for each booker, and one with two resources to choose from.
_TENANT, _PAIR = 1001, 1002
_NINE = datetime(2030, 1, 7, 9, tzinfo=UTC)
#: The begin of a day, a week, a month and a year at the same time.
_NEW_YEAR = datetime(2029, 1, 1, tzinfo=UTC)
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
#: Units of each product at each branch.
_STOCK = 1
_SEED = f"""
INSERT INTO slot_tenants (tenant_id, name) VALUES ({{tenant}}, 'Two chairs') ON CONFLICT DO NOTHING;
INSERT INTO slot_branches (tenant_id, branch_id, name, time_zone)
SELECT {{tenant}}, number, 'Branch ' || number, 'UTC' FROM generate_series(1, 2) AS number
ON CONFLICT DO NOTHING;
INSERT INTO slot_services (tenant_id, service_id, name, price)
VALUES ({{tenant}}, 1, 'Cleaning', 80.00), ({{tenant}}, 2, 'Polishing', 80.00)
ON CONFLICT DO NOTHING;
INSERT INTO slot_products (tenant_id, product_id, name)
SELECT {{tenant}}, number, 'Product ' || number FROM generate_series(1, {{products}}) AS number
ON CONFLICT DO NOTHING;
INSERT INTO slot_product_branches (tenant_id, branch_id, product_id, stocked, stock)
SELECT {{tenant}}, branch, number, {_STOCK}, {_STOCK}
FROM generate_series(1, {{products}}) AS number, generate_series(1, 2) AS branch
ON CONFLICT DO NOTHING;
INSERT INTO resets (workload, scope) VALUES ('slots', '{{tenant}}') ON CONFLICT DO NOTHING;
INSERT INTO slot_resources (tenant_id, resource_id, name)
SELECT {{tenant}}, number, 'Dr ' || number FROM generate_series(1, {{resources}}) AS number
ON CONFLICT DO NOTHING;
INSERT INTO slot_resource_branches (tenant_id, resource_id, branch_id)
SELECT {{tenant}}, number, branch
FROM generate_series(1, {{resources}}) AS number, generate_series(1, 2) AS branch
ON CONFLICT DO NOTHING;
"""


def scenarios(bookers: int) -> Sequence[Scenario]:
    """Return the scenarios for so many bookers."""
    return [*_times(bookers), *_products(bookers), *_open(bookers), *_changes(bookers)]


def _times(bookers: int) -> Sequence[Scenario]:
    """Return scenarios of times that overlap or touch, and of different resources."""
    everybody = range(bookers)
    # Each begins a minute after the one before.
    later = [_request(number, 1, after=number * _MINUTE) for number in everybody]
    half_past = _HOUR / 2
    hour = [_request(0, 1, after=half_past), *(_shifted(one, _HOUR) for one in later[1:])]
    # The first is at another branch, for another service.
    apart = [replace(hour[0], branch_id=2, service_id=2), *hour[1:]]
    # The first one begins in the old year, the others begin in the new one.
    day = [_shifted(one, _NEW_YEAR - _NINE - _HOUR) for one in hour]
    # All begin in the old year. The first contains the others, and ends in the new year.
    whole = [_request(0, 1, after=-_HOUR, lasts=6 * _HOUR), *later[1:]]
    whole = [_shifted(one, _NEW_YEAR - _NINE - 2 * _HOUR) for one in whole]
    touching = [_request(number, 1, after=number * _HOUR) for number in everybody]
    return (
        _scenario("one slot", later),
        _scenario("across the hour", apart),
        _scenario("across the day", day),
        _scenario("one within the other", whole),
        _scenario("slots that touch", touching),
        _scenario("different resources", [_request(n, n + 1) for n in everybody]),
    )


def _products(bookers: int) -> Sequence[Scenario]:
    """Return scenarios of products with one unit each, with and without a common time."""
    everybody = range(bookers)
    one, two = Product(1), Product(2)
    last = [_request(n, n + 1, one, after=n * _MINUTE) for n in everybody]
    # Every other booker names them in reverse order.
    both = [
        _request(n, 1, *((one, two) if n % 2 == 0 else (two, one)), after=n * _MINUTE)
        for n in everybody
    ]
    # Each booker shares a product with the next one, and has a resource of its own.
    chain = [_request(n, n + 1, Product(n + 1), Product(n + 2)) for n in everybody]
    with_and_without = [_request(n, 1, *([one, two] if n == 0 else [])) for n in everybody]
    return (
        _scenario("last product", last),
        _scenario("slot and products", both),
        _scenario("products shared in part", chain),
        _scenario("slot with and without products", with_and_without),
    )


def _open(bookers: int) -> Sequence[Scenario]:
    """Return scenarios of two resources for requests that name none."""
    any_ = [_request(number, None, tenant=_PAIR) for number in range(bookers)]
    named = [any_[0], *(replace(one, resource_id=1) for one in any_[1:])]
    return _scenario("any resource", any_), _scenario("any resource beside a named one", named)


def _changes(bookers: int) -> Sequence[Scenario]:
    """Return scenarios of a booking with a product that moves to another branch or time."""
    held = _request(0, 1, Product(1))
    elsewhere = replace(_request(0, 2, Product(1)), branch_id=2)
    later = _request(0, 1, Product(1), after=2 * _HOUR)
    # It contends for the product of the new place, and not for its resource.
    wanted = replace(elsewhere, resource_id=3)
    pair = _request(0, 1), _request(0, 2)
    rivals = *pair, _request(0, 1, after=2 * _HOUR)
    places = Places(held, elsewhere, later, wanted, freed=pair[0], pair=pair, rivals=rivals)
    return change_scenarios(_seed(_TENANT, bookers), str(_TENANT), places, bookers)


def _request(
    number: int,
    resource_id: int | None,
    *products: Product,
    tenant: int = _TENANT,
    after: timedelta = timedelta(0),
    lasts: timedelta = _HOUR,
) -> SlotRequest:
    return SlotRequest(
        tenant_id=tenant,
        branch_id=1,
        resource_id=resource_id,
        service_id=1,
        starts_at=_NINE + after,
        ends_at=_NINE + after + lasts,
        products=products,
        customer_id=booker_name(number),
    )


def _shifted(request: SlotRequest, by: timedelta) -> SlotRequest:
    return replace(request, starts_at=request.starts_at + by, ends_at=request.ends_at + by)


def _scenario(name: str, requests: Sequence[SlotRequest]) -> Scenario:
    tenant = requests[0].tenant_id
    return Scenario(name, _seed(tenant, len(requests)), str(tenant), requests)


def _seed(tenant: int, bookers: int) -> str:
    if tenant == _PAIR:
        return _SEED.format(tenant=tenant, products=0, resources=2)
    return _SEED.format(tenant=tenant, products=bookers + 1, resources=max(3, bookers))
