"""What bookers can contend for: a resource's time, the last unit of a product, or both at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from booking_lab.core.lab_workload import Scenario
from booking_lab.workloads.slots.requests import Product, SlotRequest

_TENANT = 1001
_NINE = datetime(2030, 1, 7, 9, tzinfo=UTC)
_SEED = f"""
INSERT INTO slot_tenants (tenant_id, name) VALUES ({_TENANT}, 'Two chairs') ON CONFLICT DO NOTHING;
INSERT INTO slot_branches (tenant_id, branch_id, name, time_zone)
VALUES ({_TENANT}, 1, 'Only branch', 'UTC') ON CONFLICT DO NOTHING;
INSERT INTO slot_services (tenant_id, service_id, name, price)
VALUES ({_TENANT}, 1, 'Cleaning', 80.00) ON CONFLICT DO NOTHING;
INSERT INTO slot_products (tenant_id, product_id, name)
SELECT {_TENANT}, number, 'Product ' || number FROM generate_series(1, 2) AS number
ON CONFLICT DO NOTHING;
INSERT INTO slot_product_branches (tenant_id, branch_id, product_id, stocked, stock)
SELECT {_TENANT}, 1, number, 1, 1 FROM generate_series(1, 2) AS number ON CONFLICT DO NOTHING;
INSERT INTO resets (workload, scope) VALUES ('slots', '{_TENANT}') ON CONFLICT DO NOTHING;
"""
_RESOURCES = f"""
INSERT INTO slot_resources (tenant_id, resource_id, name)
SELECT {_TENANT}, number, 'Dr ' || number FROM generate_series(1, {{many}}) AS number
ON CONFLICT DO NOTHING;
INSERT INTO slot_resource_branches (tenant_id, resource_id, branch_id)
SELECT {_TENANT}, number, 1 FROM generate_series(1, {{many}}) AS number ON CONFLICT DO NOTHING;
"""


def scenarios(bookers: int) -> Sequence[Scenario]:
    """Return the scenarios for so many bookers."""
    everybody = range(bookers)
    one, two = Product(1), Product(2)
    return (
        _scenario("one slot", [_request(number, 1) for number in everybody]),
        _scenario("last product", [_request(number, number + 1, one) for number in everybody]),
        _scenario(
            "slot and products",
            # Every other booker names them the other way round.
            [_request(n, 1, *((one, two) if n % 2 == 0 else (two, one))) for n in everybody],
        ),
    )


def _request(number: int, resource_id: int, *products: Product) -> SlotRequest:
    # All of them overlap, no two are the same.
    starts_at = _NINE + timedelta(minutes=number)
    return SlotRequest(
        tenant_id=_TENANT,
        branch_id=1,
        resource_id=resource_id,
        service_id=1,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        products=products,
        customer_id=chr(ord("A") + number),
    )


def _scenario(name: str, requests: Sequence[SlotRequest]) -> Scenario:
    return Scenario(name, _SEED + _RESOURCES.format(many=len(requests)), str(_TENANT), requests)
