"""Fixtures of the suite: strategies, workloads, explorations and a running lab."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from booking_lab.conformance.exploring import (
    QUICK,
    THOROUGH,
    Depths,
    Enough,
    ExplorationFindings,
    Explorations,
    Explore,
    Question,
    never,
)
from booking_lab.conformance.in_process_service import InProcessService
from booking_lab.conformance.plugin import subjects
from booking_lab.conformance.subjects import Subject
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.explorer.servers import own_servers
from booking_lab.stack import RunningLab, running
from booking_lab.workloads import Workloads

_WORKLOADS = pytest.StashKey[Workloads]()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize each test by strategy, and by workload if it uses one.

    Tests of one strategy ask the same questions. With pytest-xdist they run in one process, which
    explores each question once.
    """
    if "subject" in metafunc.fixturenames:
        found = [
            pytest.param(subject, id=subject.name, marks=pytest.mark.xdist_group(subject.name))
            for subject in subjects(metafunc.config)
        ]
        metafunc.parametrize("subject", found)
    if "workload" in metafunc.fixturenames:
        there = list(_workloads(metafunc.config))
        metafunc.parametrize("workload", there, ids=[workload.name for workload in there])


def _workloads(config: pytest.Config) -> Workloads:
    if _WORKLOADS not in config.stash:
        config.stash[_WORKLOADS] = Workloads(subjects(config).settings.workload_folders)
    return config.stash[_WORKLOADS]


@pytest.fixture(autouse=True)
def _suitable(request: pytest.FixtureRequest) -> None:
    """Skip workloads that the strategy can't book."""
    if {"subject", "workload"} <= set(request.fixturenames):
        subject: Subject = request.getfixturevalue("subject")
        workload: LabWorkload = request.getfixturevalue("workload")
        if reason := subject.lacks(workload):
            pytest.skip(f"{subject.name} can't book {workload.name}: {reason}")


@pytest.fixture(scope="session")
def workloads(pytestconfig: pytest.Config) -> Workloads:
    """All workloads."""
    return _workloads(pytestconfig)


@pytest.fixture(scope="session")
def explorations(pytestconfig: pytest.Config) -> Iterator[Explorations]:
    """Explores on servers of its own."""
    asked = subjects(pytestconfig)
    depth = THOROUGH if pytestconfig.getoption("--thorough") else QUICK
    with own_servers(asked.settings) as servers:
        yield Explorations(servers, asked.registry, depth)


@pytest.fixture
def explored(explorations: Explorations, record_property: Callable[[str, object], None]) -> Explore:
    """Answers a question by exploring, each contest once a run."""

    def explore(
        question: Question, depth: Depths | None = None, enough: Enough = never
    ) -> ExplorationFindings:
        found = explorations.of(question, depth, enough)
        # A nemesis that never strikes gives no verdict.
        judged = found.struck or not question.nemesis
        # Texts and numbers only, which pytest-xdist can send from one process to another.
        answer = {
            "strategy": question.subject.name,
            "question": f"{question} {depth}",
            "counts": [found.schedules, found.contests, found.sampled],
            "faults": bool(question.nemesis),
            "anomalies": sorted(one.value for one in found.shown),
            "verdict": found.verdict.value if judged else None,
        }
        record_property("explored", answer)
        return found

    return explore


@pytest.fixture(scope="session")
def lab(pytestconfig: pytest.Config) -> Iterator[RunningLab]:
    """A running lab with four workers."""
    with running(workers=4, settings=subjects(pytestconfig).settings) as lab:
        yield lab


@pytest.fixture(scope="session")
def service(lab: RunningLab, pytestconfig: pytest.Config) -> Iterator[InProcessService]:
    """One more instance of the lab, in this process."""
    service = InProcessService(lab, subjects(pytestconfig).settings)
    service.lab.start()
    yield service
    service.lab.stop()
