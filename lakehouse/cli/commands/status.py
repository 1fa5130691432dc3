"""`lakehouse status`: show the status of each dataset and model."""

from datetime import timedelta
from typing import Annotated

import boto3
import typer
from pyiceberg.catalog import Catalog
from rich.table import Table

from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, console, contracts_of
from lakehouse.cli.printable import in_markup
from lakehouse.engine import catalog
from lakehouse.lineage import record
from lakehouse.lineage.graph import of_events
from lakehouse.maintenance.models import candidates
from lakehouse.names import Names, Zone
from lakehouse.operations.model_status import model_statuses
from lakehouse.operations.status import Status, statuses
from lakehouse.releases import release
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

    If no dataset is named, it also lists the models: when each was last published, the refused models and blocked
    datasets that it waits for, and the table with rows that its last build made and did not publish, with the reason,
    for example the failed test; these rows are kept for three days. The last line is the last release.

    Needs read access to the deployment. Exit code 0 also if something is red.
    """
    table = Table("dataset", "raw", "integration", "waiting", "age / SLA", "rejected", "state")
    table.columns[0].no_wrap = True
    names, iceberg = names_of(env), catalog.load()
    found = list(statuses(contracts_of(contracts, datasets or []), names=names, catalog=iceberg))
    for current in found:
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
        blocked = [current.dataset for current in found if current.blocked]
        _print_models(names, iceberg, datasets=[current.dataset for current in found], blocked=blocked)


def _print_models(names: Names, iceberg: Catalog, *, datasets: list[str], blocked: list[str]) -> None:
    """Print the status of the models, and the last release."""
    releases = release.read(iceberg, names=names)
    models = model_statuses(
        releases,
        candidates(boto3.client("glue"), [names.database(zone) for zone in (Zone.INTEGRATION, Zone.CURATED)]),
        datasets=datasets,
        blocked=blocked,
        graph=of_events(record.latest(iceberg, names=names, batches=1), names=names),
        names=names,
    )
    if models:
        table = Table("model", "last published (UTC)", "waits for", "rows that were not published", "reason")
        for model in models:
            refused = model.refused
            table.add_row(
                model.name,
                f"{model.published:%Y-%m-%d %H:%M}" if model.published else "-",
                "\n".join(model.waits_for),
                f"[red]{refused.database}.{refused.name}[/]" if refused else "",
                in_markup(refused.reason or "") if refused else "",
            )
        console.print(table)
    if releases:
        last = releases[-1]
        by = in_markup(last.started_by)
        console.print(f"last release: {last.release_id}, {last.released_at:%Y-%m-%d %H:%M:%S} UTC, by {by}")


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
