"""What the documents mention exists: commands, targets, files, services, links."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest
import yaml

from booking_lab.cli.main import main

from .markdown import DOCUMENTS, ROOT, sections

TEXTS = {str(document.relative_to(ROOT)): document.read_text() for document in DOCUMENTS}
EVERYTHING = "\n".join(TEXTS.values())


def commands() -> Iterator[tuple[str, str]]:
    """Each `booking-lab ...` in a document, as its command and the rest of it."""
    yield from re.findall(r"`booking-lab (\w+)([^`\n]*)`", EVERYTHING)
    for document in DOCUMENTS:
        for one in sections(document):
            for block in one.of("bash", "sh"):
                text = block.text.replace("\\\n", " ")
                yield from re.findall(r"\bbooking-lab (\w+)([^|\n]*)", text)


def test_every_make_target_that_is_mentioned_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    mentioned = set(re.findall(r"(?:[`\n]|-strategies )make ([a-z-]+)", EVERYTHING))
    assert mentioned >= {"demo", "test", "up", "down"}
    assert mentioned <= targets


def test_every_variable_given_to_make_is_one_of_the_makefile() -> None:
    known = set(re.findall(r"^([A-Z]+) \?=", (ROOT / "Makefile").read_text(), re.MULTILINE))
    given = set(re.findall(r"\bmake \w+ ([A-Z]+)=", EVERYTHING))
    assert given
    assert given <= known


def test_every_command_that_is_mentioned_exists_with_its_options() -> None:
    context = click.Context(main)
    mentioned = list(commands())
    assert mentioned
    for name, rest in mentioned:
        command = main.get_command(context, name)
        assert command, f"booking-lab {name}"
        known = {option for one in command.get_params(context) for option in one.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known, f"booking-lab {name}{rest}"


def test_every_test_suite_that_is_mentioned_is_there_and_takes_the_options() -> None:
    called = re.findall(r"pytest --pyargs ([\w.]+)([^`\n]*)", EVERYTHING)
    assert called
    for package, rest in called:
        assert importlib.util.find_spec(package), package
        plugin = (ROOT / package.replace(".", "/") / "plugin.py").read_text()
        assert all(f'"{option}"' in plugin for option in re.findall(r"--[a-z-]+", rest))


def test_every_compose_service_and_every_published_port_is_as_the_documents_say() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert set(re.findall(r"\blab36-[a-z0-9-]+", EVERYTHING)) <= set(compose["services"])
    published = {
        port.split(":")[-2]
        for service in compose["services"].values()
        for port in service.get("ports", [])
    }
    shown = set(
        re.findall(r"^\|[^|]*\| http://localhost:(\d+) ", TEXTS["docs/running.md"], re.MULTILINE)
    )
    assert shown == published


def test_every_k6_script_that_is_mentioned_exists() -> None:
    scripts = set(re.findall(r"/scripts/([\w-]+\.js)", EVERYTHING))
    assert scripts
    assert all((ROOT / "k6" / script).is_file() for script in scripts)


def links(document: Path) -> Iterator[tuple[str, Path, str]]:
    """Each relative link of a document: as it is written, its file, and its anchor."""
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", document.read_text()):
        path, _, anchor = target.partition("#")
        yield target, (document.parent / path).resolve() if path else document, anchor


@pytest.mark.parametrize("document", DOCUMENTS, ids=TEXTS)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target, file, anchor in links(document):
        assert file.exists(), target
        assert file.is_relative_to(ROOT), target
        if anchor:
            assert [one.anchor for one in sections(file)].count(anchor) == 1, target


def test_every_document_is_checked_and_can_be_reached_from_the_readme() -> None:
    known = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    if (ROOT / ".git").exists():
        listed = subprocess.run(known, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert {name for name in listed.split() if (ROOT / name).exists()} == {*TEXTS}
    reached, ahead = set[Path](), [ROOT / "README.md"]
    while ahead:
        document = ahead.pop()
        reached.add(document)
        ahead += [file for _, file, _ in links(document) if {file} <= {*DOCUMENTS} - reached]
    assert {*DOCUMENTS} - reached == set()


def test_every_picture_says_in_words_what_it_shows_on_light_and_dark_pages() -> None:
    pictures = [
        (words, (document.parent / target).resolve())
        for document in DOCUMENTS
        for words, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", document.read_text())
    ]
    assert pictures
    for words, file in pictures:
        assert len(words.split()) > 10, file
        drawing = ElementTree.parse(file).getroot()
        texts = {child.tag.partition("}")[2]: child.text or "" for child in drawing}
        assert texts["title"]
        assert len(texts["desc"].split()) > 10
        assert "prefers-color-scheme: dark" in texts["style"]


def test_the_readme_is_short() -> None:
    assert len(TEXTS["README.md"].splitlines()) <= 250
