"""Ask for the values of a metric in the workgroup of a role."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import boto3

from lakehouse.contracts.violations import one_of
from lakehouse.engine import athena
from lakehouse.errors import LakehouseError
from lakehouse.governance.models import of_models
from lakehouse.governance.roles import ROLES, Role, visible
from lakehouse.governance.tags import Area, TaggedTable
from lakehouse.metrics import dimensions, sql
from lakehouse.metrics.expressions import DIALECT, expression_of, names_in, replaced
from lakehouse.metrics.model import BASE_GRAIN, GRAINS, METRIC_TIME, Metrics
from lakehouse.names import Names


def question(
    metrics: Metrics, metric: str, *, by: Sequence[str] = (), where: str | None = None, grain: str | None = None
) -> sql.Question:
    """Return what is asked, with full names of dimensions.

    Args:
        metrics: all metrics.
        metric: name of a metric.
        by: dimensions; a short name is enough where it is unambiguous.
        where: SQL condition over dimensions; None for none.
        grain: what times are cut to; without a time in `by`, the metric's own time is added.

    Raises:
        LakehouseError: a metric, dimension or grain does not exist, or the condition is none; names the candidates.
    """
    if metric not in metrics.metrics:
        raise LakehouseError(
            f"no metric {metric!r}: {one_of(metric, metrics.metrics)} `lakehouse metric` lists all metrics"
        )
    if grain not in (None, *GRAINS):
        raise LakehouseError(f"no grain {grain!r}: {one_of(grain, GRAINS)}")
    chosen = [dimensions.chosen(metrics, metric, name) for name in by]
    if repeated := [name for number, name in enumerate(chosen) if name in chosen[:number]]:
        raise LakehouseError(f"metric {metric}: dimension {repeated[0]!r} is named twice: name it once")
    if grain and not any(sql.is_time(metrics, metric, name) for name in chosen):
        chosen.insert(0, METRIC_TIME)
    condition = ""
    if where is not None:
        parsed = expression_of(where, where="--where")
        full = {name: dimensions.chosen(metrics, metric, name) for name in names_in(parsed)}
        condition = replaced(parsed, lambda name: sql.named(full[name])).sql(DIALECT)
    return sql.Question(metric=metric, by=tuple(chosen), where=condition, grain=grain or BASE_GRAIN)


def run(metrics: Metrics, asked: sql.Question, *, role: Role, names: Names, project: Path) -> athena.Result:
    """Return the values of a metric.

    Raises:
        LakehouseError: the role does not see a column that the metric needs, or Athena refused the statement.
    """
    statement = sql.statement(metrics, asked, names=names)
    check_sight(
        statement.reads, role=role, metric=asked.metric, mart=metrics.metrics[asked.metric].mart, project=project
    )
    return athena.query(
        boto3.client("athena"),
        statement.sql,
        names=names,
        workgroup=names.workgroup_of(role.name),
        database=role.database(names),
    )


def check_sight(reads: Mapping[str, set[str]], *, role: Role, metric: str, mart: str | None, project: Path) -> None:
    """Refuse columns that a role does not see, by name; Athena would only say that they do not exist.

    Raises:
        LakehouseError: names the column, its classification and the roles that see it.
    """
    tables = {table.name: table for table in of_models(project) if table.area is Area.CURATED}
    needed = [(tables[table], column) for table in sorted(reads) for column in sorted(reads[table])]

    def sees(one: Role, table: TaggedTable, column: str) -> bool:
        return column in visible(one, table)

    hidden = next(((table, column) for table, column in needed if not sees(role, table, column)), None)
    if hidden is None:
        return
    table, column = hidden
    able = [one.name for one in ROLES.values() if all(sees(one, *place) for place in needed)]
    remedy = f"use --role {' or '.join(able)}, or other dimensions" if able else "use other dimensions"
    if mart:
        remedy += f"; {mart} has the figures by the dimensions of that mart"
    raise LakehouseError(
        f"metric {metric} needs {table.name}.{column} ({table.columns[column]}), which the role {role.name} does not "
        f"see: {remedy}"
    )
