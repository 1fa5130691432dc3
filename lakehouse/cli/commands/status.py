"""`lakehouse status`: how each dataset stands."""

from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from lakehouse.cli.datasets import chosen
from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, console
from lakehouse.cli.printable import in_markup
from lakehouse.engine import catalog
from lakehouse.operations.status import Status
from lakehouse.operations.status import status as look
from lakehouse.settings import names_of


def status(
    datasets: Annotated[list[str] | None, typer.Argument(metavar="[DATASET...]", help="All if none is named.")] = None,
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Show, for each dataset, its last batch in each zone, its age, what was rejected, and what is blocked or running.

    A batch's id is the dataset and the number shown, e.g. orders-00000007. Red is what somebody has to look at: data
    older than the contract allows, a gate that holds, a failure.
    """
    table = Table("dataset", "raw", "integration", "waiting", "age / SLA", "rejected", "state")
    table.columns[0].no_wrap = True
    for found in look(chosen(contracts, datasets or []), names=names_of(env), catalog=catalog.load()):
        late = "red" if found.is_late else "default"
        table.add_row(
            found.dataset,
            _number(found.in_raw),
            _number(found.in_integration),
            f"{found.waiting}" if found.waiting else "",
            f"[{late}]{_short(found.age)}[/] / {_short(found.freshness)}",
            f"{found.rejected:,} of {found.received:,}" if found.rejected else "",
            _state(found),
        )
    console.print(table)


def _number(batch_id: str | None) -> str:
    return batch_id.rpartition("-")[2] if batch_id else "-"


def _state(found: Status) -> str:
    said = [f"[red]blocked[/] after {batch_id}" for batch_id in found.blocked]
    said += [f"[red]failed[/]: {in_markup(found.failed)}"] if found.failed else []
    said += [f"running: {run}" for run in found.running]
    return "\n".join(said) or "[green]good[/]"


def _short(time: timedelta | None) -> str:
    """A time in the largest unit that it has two of, e.g. `36 h`."""
    if time is None:
        return "-"
    minutes = time.total_seconds() / 60
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes >= 2 * size:
            return f"{minutes / size:.0f} {unit}"
    return f"{minutes:.0f} min"
