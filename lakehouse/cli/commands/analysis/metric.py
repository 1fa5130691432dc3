"""`lakehouse metric`: list the metrics, describe one, or query its values."""

from typing import Annotated

import typer
from rich.table import Table

from lakehouse.cli.options import DEFAULT_ENVIRONMENT, Environment, console
from lakehouse.cli.printable import in_markup
from lakehouse.cli.results import Format, show
from lakehouse.cli.roles import DEFAULT_ROLE, WorkgroupRole, role_named
from lakehouse.metrics import dimensions, loader, query, sql
from lakehouse.metrics.model import GRAINS, METRIC_TIME, Metrics
from lakehouse.operations import dbt
from lakehouse.settings import names_of


def metric(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A metric; without it, all are listed.")] = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", metavar="DIMENSION", help="Group by this dimension; may be repeated.")
    ] = None,
    where: Annotated[
        str | None, typer.Option(metavar="CONDITION", help="SQL condition over dimensions, e.g. \"channel = 'web'\".")
    ] = None,
    grain: Annotated[str | None, typer.Option(help=f"Group by time as well: {', '.join(GRAINS)}.")] = None,
    describe: Annotated[bool, typer.Option("--describe", help="Print the definition and the dimensions.")] = False,
    as_sql: Annotated[bool, typer.Option("--sql", help="Print the SQL and do not run it.")] = False,
    form: Annotated[Format, typer.Option("--format", help="table, or for pipes csv or json.")] = Format.TABLE,
    role: WorkgroupRole = DEFAULT_ROLE,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """List the metrics, describe one, or query its values on Athena in the workgroup of a role.

    The definitions are in models/metrics/ (dbt semantic models and metrics):

        lakehouse metric net_revenue --by customer__region --grain month --where "channel = 'web'"

    A dimension is named entity__dimension; the last part is enough if only one dimension of the metric ends with it.
    metric_time is the time of the metric, in UTC; in a condition it is a day.

    Needs the permissions of the role. Exit code 2: a metric, dimension, grain or role does not exist, the role does not
    see a column, or Athena refused the statement.
    """
    metrics = loader.load(dbt.PROJECT)
    if name is None:
        _list(metrics)
        return
    asked = query.question(metrics, name, by=by or (), where=where, grain=grain)
    if describe:
        _describe(metrics, name)
        return
    reader, names = role_named(role), names_of(env)
    if as_sql:
        typer.echo(sql.statement(metrics, asked, names=names).sql)
        return
    show(query.run(metrics, asked, role=reader, names=names, project=dbt.PROJECT), form)


def _list(metrics: Metrics) -> None:
    table = Table("metric", "unit", "additivity", "owner", "definition")
    for one in metrics.metrics.values():
        cells = (one.name, one.unit, metrics.additivity(one.name), one.owner, one.description)
        table.add_row(*map(in_markup, cells))
    console.print(table)


def _describe(metrics: Metrics, name: str) -> None:
    one = metrics.metrics[name]
    measured = {f"a row of {model.table}, by {measure.time}" for model, measure in metrics.measures_of(name)}
    for label, text in (
        ("metric", f"{one.name} ({one.label})"),
        ("definition", one.description),
        ("unit", one.unit),
        ("format", one.format),
        ("grain", "; ".join(sorted(measured))),
        ("additivity", metrics.additivity(name)),
        ("owner", one.owner),
        ("mart", one.mart or "none"),
        ("dimensions", ", ".join([METRIC_TIME, *sorted(set(dimensions.of_metric(metrics, name)) - {METRIC_TIME})])),
    ):
        console.print(f"[bold]{label:<11}[/] {in_markup(text)}")
