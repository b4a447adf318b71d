"""The Flask application: its routes, its request hooks and its OpenAPI document."""

from __future__ import annotations

import logging.config
from collections.abc import Callable
from typing import Any

from flask import redirect
from flask.typing import ResponseReturnValue
from flask_openapi3 import Info, OpenAPI
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from werkzeug import Response

from booking_lab import __version__
from booking_lab.config import Settings
from booking_lab.errors import PluginFault, safe_text
from booking_lab.observers import tracing
from booking_lab.runtime.lab import Lab
from booking_lab.web.http import hooks, problems, undeclared_input
from booking_lab.web.http.admission import Admission
from booking_lab.web.http.json_bodies import StrictJSON, StrictRequest
from booking_lab.web.http.logs import logging_config
from booking_lab.web.http.problems import ProblemDetails
from booking_lab.web.http.sampling import SampledApplication
from booking_lab.web.http.undeclared_input import WholeNumber
from booking_lab.web.routes import booking, bookings, metrics, race, tickets, workloads
from booking_lab.web.routes.audit import audit_routes
from booking_lab.web.routes.booking import FailedSeatBooking
from booking_lab.web.routes.bookings import ConfirmedBooking, FailedBooking
from booking_lab.web.routes.events import event_routes
from booking_lab.web.routes.health import health_routes
from booking_lab.web.routes.resets import reset_routes
from booking_lab.web.routes.selection import selection_routes
from booking_lab.web.routes.stats import stats_routes
from booking_lab.web.routes.strategies import strategy_routes
from booking_lab.web.routes.tickets import TicketsProblemDetails
from booking_lab.web.schemas.workload_schema import WorkloadSchemas

__all__ = ["create_app"]


class BookingApp(OpenAPI):
    """The Flask application, with an OpenAPI document of exactly what its routes declare."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``func``: no view is a coroutine, and checking for one at each request is slow."""
        return func

    def dispatch_request(self) -> ResponseReturnValue:
        """Answer the request. A plug-in that calls ``sys.exit`` does not end the worker.

        Raises:
            PluginFault: a plug-in raised SystemExit, or another exception that is no Exception.
        """
        try:
            return super().dispatch_request()
        except Exception:
            raise
        except BaseException as error:
            did = f"raised {safe_text(error)}"
            if isinstance(error, SystemExit):
                did = f"called sys.exit({error.code!r})"
            raise PluginFault(
                f"A plug-in's code has {did}. If the request was a booking, GET /api/bookings "
                f"shows whether it was made."
            ) from error

    def generate_spec_json(self) -> None:
        """Make the document, with the statuses that any request may be answered.

        The library adds a 422 of another shape to every operation. It is removed.
        """
        super().generate_spec_json()  # type: ignore[no-untyped-call]
        for path, operations in self.spec_json["paths"].items():
            for method, operation in operations.items():
                answers = operation["responses"]
                if "application/json" in answers.get("422", {}).get("content", {}):
                    del answers["422"]
                statuses = {*problems.common_statuses(method)} - tickets.NEVER_ANSWERED.get(
                    path, set()
                )
                for status, answer in problems.documented_problems(*sorted(statuses)).items():
                    answers.setdefault(str(status), answer)


def create_app(settings: Settings) -> OpenAPI:
    """Return the application. Each worker has to start the lab in ``extensions["lab"]``."""
    logging.config.dictConfig(logging_config(settings.log_level))
    lab, admission = Lab(settings), Admission(settings.threads)
    kinds = WorkloadSchemas(lab.workloads)
    app = _application(lab, admission, kinds)
    if lab.tracer_provider:
        # The instrumentation is for all requests of an application, so it has one of its own.
        traced = _application(lab, admission, kinds)
        FlaskInstrumentor().instrument_app(  # type: ignore[no-untyped-call]
            traced, tracer_provider=lab.tracer_provider
        )
        sampled = SampledApplication(app.wsgi_app, traced.wsgi_app, tracing.sampler(settings))
        app.wsgi_app = sampled  # type: ignore[method-assign]  # as Flask's documentation does it
    return app


def _application(lab: Lab, admission: Admission, kinds: WorkloadSchemas) -> OpenAPI:
    settings = lab.settings
    app = BookingApp(
        __name__,
        info=Info(title="booking-lab", version=__version__),
        doc_prefix="/docs",
        security_schemes={"admin": {"type": "http", "scheme": "bearer"}},
        validation_error_callback=problems.invalid_fields,
        validation_error_model=ProblemDetails,
    )
    app.url_map.converters["int"] = WholeNumber
    app.json = StrictJSON(app)
    app.request_class = StrictRequest
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body
    app.extensions["lab"] = lab
    problems.register(app)
    hooks.register(app, settings)
    for part in (
        health_routes,
        event_routes,
        booking.blueprint(admission),
        tickets.blueprint(admission),
        bookings.blueprint(admission, kinds),
        selection_routes,
        strategy_routes,
        workloads.blueprint(kinds),
        reset_routes,
        audit_routes,
        stats_routes,
        race.blueprint(kinds),
        metrics.blueprint(lab),
    ):
        app.register_api(part)
    _document(app)
    undeclared_input.register(app)
    return app


def _document(app: OpenAPI) -> None:
    """Serve the OpenAPI document, with the schemas of errors, and redirect / to its page."""
    for model in (
        ProblemDetails,
        FailedSeatBooking,
        ConfirmedBooking,
        FailedBooking,
        TicketsProblemDetails,
    ):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        app.components_schemas[model.__name__] = schema

    @app.route("/")
    def index() -> Response:
        return redirect("/docs/")

    @app.route("/openapi.json")
    def openapi() -> dict[str, Any]:
        return app.api_doc
