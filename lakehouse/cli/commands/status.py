"""`lakehouse status`: show the status of each dataset."""

from datetime import UTC, timedelta
from typing import Annotated

import boto3
import typer
from rich.table import Table

from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, console, contracts_of
from lakehouse.cli.printable import in_markup
from lakehouse.engine import catalog
from lakehouse.maintenance.models import candidates
from lakehouse.names import Names, Zone
from lakehouse.operations.status import Status, statuses
from lakehouse.settings import names_of


def status(
    datasets: Annotated[list[str] | None, typer.Argument(metavar="[DATASET...]", help="All if none is named.")] = None,
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Show for each dataset the last batch in each zone, the age of its data, rejected records, and its state.

    A batch id is the dataset and the number shown, for example orders-00000007. Red needs action: data older than the
    contract promises, a batch that its gate blocks, a failed run, rows that are older than in the source because their
    latest change was rejected, and a table that may differ from its source database.

    If no dataset is named, it also lists the tables with rows that builds made and did not publish, each with the
    reason; they are kept for three days.

    Needs read access to the deployment. Exit code 0 also if something is red.
    """
    table = Table("dataset", "raw", "integration", "waiting", "age / SLA", "rejected", "state")
    table.columns[0].no_wrap = True
    for current in statuses(contracts_of(contracts, datasets or []), names=names_of(env), catalog=catalog.load()):
        age_style = "red" if current.is_late else "default"
        table.add_row(
            current.dataset,
            _number(current.in_raw),
            _number(current.in_integration),
            f"{current.waiting}" if current.waiting else "",
            f"[{age_style}]{_short(current.age)}[/] / {_short(current.freshness)}",
            f"{current.rejected:,} of {current.received:,}" if current.rejected else "",
            _state(current),
        )
    console.print(table)
    if not datasets:
        _print_candidates(names_of(env))


def _print_candidates(names: Names) -> None:
    """Print the tables with refused rows, newest first."""
    databases = [names.database(zone) for zone in (Zone.INTEGRATION, Zone.CURATED)]
    refused = [found for found in candidates(boto3.client("glue"), databases) if found.reason]
    if not refused:
        return
    table = Table("rows that were not published", "since", "reason")
    for candidate in reversed(refused):
        since = f"{candidate.created.astimezone(UTC):%Y-%m-%d %H:%M}"
        table.add_row(f"{candidate.database}.{candidate.name}", since, in_markup(candidate.reason or ""))
    console.print(table)


def _number(batch_id: str | None) -> str:
    return batch_id.rpartition("-")[2] if batch_id else "-"


def _state(current: Status) -> str:
    lines = [f"[red]blocked[/]: {in_markup(current.source)}"] if current.source else []
    lines += [f"[red]stale[/]: {in_markup(current.stale)}"] if current.stale else []
    lines += [f"[red]blocked[/]: {batch_id}" for batch_id in current.blocked]
    lines += [f"[red]failed[/]: {in_markup(current.failed)}"] if current.failed else []
    lines += [f"running: {run}" for run in current.running]
    return "\n".join(lines) or "[green]good[/]"


def _short(duration: timedelta | None) -> str:
    """Return a duration in days, hours or minutes, in the largest unit of which it has at least two, e.g. `36 h`."""
    if duration is None:
        return "-"
    minutes = duration.total_seconds() / 60
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes >= 2 * size:
            return f"{minutes / size:.0f} {unit}"
    return f"{minutes:.0f} min"
