"""Progress of long operations on the console: one line for each step, with its duration."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

console = Console(highlight=False, soft_wrap=True)


class Step:
    """A running step.

    Attributes:
        result: a few words about the result, which the caller sets.
    """

    result = ""


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Show a step while it runs, and its result and duration when it ends."""
    started = time.monotonic()
    running = Step()
    if not console.is_terminal:  # no spinner in a log
        console.print(f"  {title} ...", style="dim")
    with console.status(title):
        yield running
    seconds = time.monotonic() - started
    result = f": {running.result}" if running.result else ""
    console.print(f"[green]✓[/] {title}{result} [dim]({seconds:.1f} s)[/]")
