"""What a person sees while something takes longer than a moment: one line a step, with its time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

console = Console(highlight=False, soft_wrap=True)


class Step:
    """A running step; set `result` to say in a few words what came of it."""

    result = ""


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Show a step while it runs and, when it ends, what came of it and how long it took."""
    begun = time.monotonic()
    running = Step()
    if not console.is_terminal:  # no spinner in a log: say what has begun
        console.print(f"  {title} ...", style="dim")
    with console.status(title):
        yield running
    seconds = time.monotonic() - begun
    result = f": {running.result}" if running.result else ""
    console.print(f"[green]✓[/] {title}{result} [dim]({seconds:.1f} s)[/]")
