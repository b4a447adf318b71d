"""The tables of the matrix in the documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from booking_lab.core.verdict import Verdict, in_words
from booking_lab.errors import ConfigurationError
from booking_lab.explorer.matrix.matrix import MatrixCell
from booking_lab.explorer.scheduler.nemesis import NEMESES
from booking_lab.runtime.strategy_registry import SHIPPED

#: The lines before and after the table in a document.
MARKS = ("<!-- matrix -->", "<!-- /matrix -->")


def table(filled: Sequence[MatrixCell], workloads: Sequence[str]) -> str:
    """Return the table of strategy, workload and anomaly in Markdown."""
    heads = ["Strategy", *workloads, "when something goes wrong"]
    lines = [_line(heads), _line(["---"] * len(heads))]
    for strategy in dict.fromkeys(cell.strategy for cell in filled):
        of_it = [cell for cell in filled if cell.strategy == strategy]
        plain = {cell.workload: cell for cell in of_it if not cell.nemesis}
        verdicts = [_verdict(plain[name]) if name in plain else "-" for name in workloads]
        lines.append(_line([f"`{strategy}`", *verdicts, _under_faults(of_it)]))
    return "\n".join(lines)


def checkout_file(name: str) -> Path:
    """Return a document of the checkout that this runs from.

    Args:
        name: the path from the top of the repository.

    Raises:
        ConfigurationError: this is an installed package, which has no documents.
    """
    document = SHIPPED.parent / name
    if not document.is_file():
        raise ConfigurationError(
            f"--write needs a checkout of the project, and this is an installed package without "
            f"{name}. Use --json to write the result to a file."
        )
    return document


def write_table(text: str, document: Path, marks: tuple[str, str] = MARKS) -> None:
    """Write the table between the marks of a document.

    Raises:
        ConfigurationError: the document has no marks.
    """
    before, begin, rest = document.read_text().partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not (begin and end):
        raise ConfigurationError(f"{document} has no lines {' and '.join(marks)}.")
    document.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def _verdict(cell: MatrixCell) -> str:
    verdict = in_words(cell.verdict, sorted(cell.anomalies))
    many = f"{'all ' if cell.complete else ''}{cell.schedules - cell.three:,} of 2"
    return (
        f"**{verdict}** ({many}, {cell.three:,} of 3 bookers; {cell.scenarios} scenarios; "
        f"{', '.join(cell.actions)})"
    )


def _under_faults(of_it: Sequence[MatrixCell]) -> str:
    """Return the anomalies that occur only with a nemesis."""
    always = {name for cell in of_it if not cell.nemesis for name in cell.anomalies}
    by_nemesis: Mapping[str, set[str]] = {
        nemesis: {name for cell in of_it if cell.nemesis == nemesis for name in cell.anomalies}
        - always
        for nemesis in NEMESES
    }
    texts = [f"{name}: {', '.join(sorted(them))}" for name, them in by_nemesis.items() if them]
    if texts:
        return "; ".join(texts)
    return "no more than without" if always else Verdict.SAFE


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
