"""Converts requests into parameters of the statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from booking_lab.workloads.slots.calendar import SlotChange
from booking_lab.workloads.slots.requests import SlotRequest

Parameters = dict[str, object]


def of_all(requests: Sequence[SlotRequest]) -> Parameters:
    """Return the parameters to read the state for all requests, which belong to one tenant."""
    wishes = [request for request in requests if request.resource_id is not None]
    units: Counter[tuple[int, int]] = Counter()
    for request in requests:
        units.update(request.units)
    stock_levels = sorted(units)
    return {
        "tenant_id": requests[0].tenant_id,
        "branches": [request.branch_id for request in wishes],
        "resources": [request.resource_id for request in wishes],
        "services": [request.service_id for request in wishes],
        "times": [f"[{one.starts_at.isoformat()},{one.ends_at.isoformat()})" for one in wishes],
        "stock_branches": [branch_id for branch_id, _ in stock_levels],
        "stock_products": [product_id for _, product_id in stock_levels],
        "stock_units": [units[stock_level] for stock_level in stock_levels],
        "holders": [str(request.holder) for request in requests if request.replaces],
    }


def of_one(request: SlotRequest) -> Parameters:
    """Return all parameters of one request."""
    held = request.given_back
    return {
        **of_all([request]),
        "holder": str(request.holder),
        "generation": request.generation,
        "customer_id": request.customer_id,
        "branch_id": request.branch_id,
        "resource_id": request.resource_id,
        "service_id": request.service_id,
        "starts_at": request.starts_at,
        "ends_at": request.ends_at,
        "touched": list(request.resources),
        "held_branch": held.branch_id if held else None,
        "held_resource": held.resource_id if held else None,
        "held_from": held.starts_at if held else None,
        "held_until": held.ends_at if held else None,
    }


def as_json(request: SlotRequest, change: SlotChange) -> Parameters:
    """Return a new booking as a JSON object; the price is text, so that it stays exact."""
    return {
        "holder": str(request.holder),
        "branch_id": request.branch_id,
        "resource_id": request.resource_id,
        "service_id": request.service_id,
        "starts_at": request.starts_at.isoformat(),
        "ends_at": request.ends_at.isoformat(),
        "customer_id": request.customer_id,
        "price": str(change.price),
        "generation": request.generation,
        "products": [
            {"product_id": product.product_id, "quantity": product.quantity}
            for product in request.products
        ],
    }
