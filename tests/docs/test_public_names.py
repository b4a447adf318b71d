"""What plug-ins may import: the names of the package's root, and nothing below it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import booking_lab

from .markdown import DOCUMENTS, ROOT, section, sections

#: What a reader copies; of the strategies in their folder, import-linter says the same.
OWN = sorted((ROOT / "tests" / "web" / "own").glob("*.py"))
LIARS = sorted((ROOT / "tests" / "conformance" / "liars").glob("*.py"))


def below_the_root(code: str) -> Iterator[str]:
    """The lab's modules that ``code`` imports, other than the root."""
    for statement in ast.walk(ast.parse(code)):
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom):
            names = [statement.module or ""]
        else:
            continue
        yield from (name for name in names if name.startswith("booking_lab."))


@pytest.mark.parametrize("file", [*OWN, *LIARS], ids=lambda file: file.stem)
def test_a_plug_in_of_ones_own_imports_the_root_alone(file: Path) -> None:
    code = file.read_text()
    assert "from booking_lab import" in code
    assert list(below_the_root(code)) == []


def test_the_documents_show_it_so() -> None:
    code = [
        block.text
        for document in DOCUMENTS
        for part in sections(document)
        for block in part.of("python")
        if "from booking_lab" in block.text or "import booking_lab" in block.text
    ]
    assert len(code) >= 2
    for text in code:
        assert list(below_the_root(text)) == [], text


def test_the_page_on_what_is_stable_has_each_name() -> None:
    page = section(ROOT / "docs" / "stability.md", "What the package exports")
    listed = re.findall(r"`(\w+)`", page.prose)
    assert sorted(listed) == sorted([*booking_lab.__all__, "__version__"])


def test_each_name_is_where_it_is_looked_for() -> None:
    assert sorted(booking_lab._MODULES) == sorted(booking_lab.__all__)
