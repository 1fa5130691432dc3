"""Text of others never looks like ours, moves the cursor or is taken for marks."""

import io
from contextlib import nullcontext

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lakehouse.batches.quarantine import Rejected
from lakehouse.cli.commands import build, quarantine, status
from lakehouse.cli.printable import in_markup, printable
from lakehouse.cli.results import _cell
from lakehouse.names import Names
from lakehouse.operations.dbt import Node
from lakehouse.operations.status import Status

HOSTILE = [
    "\x1b[2J\x1b[31mall is well",
    "a\rb\x08\x07\x00",
    "\u202egpj.exe",
    "line\u2028line\u0085line",
    "\ud800",
    "[/red][link=https://example.com]click[/link]",
    "\\[bold]x\\",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "'; DROP TABLE raw.orders; --",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_without_a_picture_is_printed(text: str) -> None:
    assert printable(text).isprintable()
    assert "\n" in printable(f"{text}\n", lines=True)


@pytest.mark.parametrize("text", ["", "naïve", "日本語 🎉", "O'Brien [x] \\ y", "é" * 3])
def test_ordinary_text_stays(text: str) -> None:
    assert printable(text) == text


def printed(*parts: object) -> str:
    output = io.StringIO()
    Console(file=output, width=200, highlight=False, soft_wrap=True).print(*parts)
    return output.getvalue()


@pytest.mark.parametrize("text", HOSTILE)
def test_marks_in_it_are_text(text: str) -> None:
    assert printed(f"[red]{in_markup(text)}[/red]") == f"{printable(text)}\n"
    table = Table("x", box=None, show_header=False)
    table.add_row(_cell(text))
    assert printed(table).strip() == printable(text)
    assert _cell(None) == Text("null", style="dim")


@pytest.mark.parametrize("text", [*HOSTILE, "[Errno 2] no [such] file"])
def test_why_something_failed_is_shown_as_text(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], names: Names
) -> None:
    found = Status(
        dataset="orders",
        waiting=0,
        in_raw=None,
        in_integration=None,
        age=None,
        freshness=None,
        received=0,
        rejected=0,
        blocked=(),
        failed=text,
        running=(),
    )
    node = Node(name="one", kind="test", status="warn", seconds=0.1, message=text)
    for module, name, given in (
        (status, "names_of", names),
        (status, "contracts_of", []),
        (status, "statuses", [found]),
        (status.catalog, "load", None),
        (status, "_print_models", None),
        (build, "names_of", names),
        (build.attempts, "read", []),
        (build.dbt, "build", [node]),
        (build, "released", nullcontext()),
    ):
        monkeypatch.setattr(module, name, lambda *_, given=given, **__: given)
    for verb in (status.status, build.build):
        monkeypatch.setattr(status.console, "width", 200)
        verb()
        assert printable(text) in capsys.readouterr().out


@pytest.mark.parametrize("text", HOSTILE)
def test_a_rejected_record_is_shown_as_text(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    quarantine.show(Rejected(batch_id="b", file=f"s3://stage/{text}", row=1, reasons=((None, text),), record=text))
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) == 3
    assert all(line.isprintable() for line in shown.splitlines())
