"""`lakehouse query` and `lakehouse releases`: run one statement on Athena, also on an earlier state of the tables."""

from typing import Annotated

import typer
from rich.table import Table

from lakehouse.cli.options import DEFAULT_ENVIRONMENT, Environment, console
from lakehouse.cli.printable import in_markup
from lakehouse.cli.results import Format, show
from lakehouse.cli.roles import DEFAULT_ROLE, WorkgroupRole, role_named
from lakehouse.engine import catalog
from lakehouse.operations import releases as past
from lakehouse.releases import release
from lakehouse.settings import names_of


def query(
    sql: Annotated[str, typer.Argument(help="One statement in Athena's SQL.")],
    form: Annotated[Format, typer.Option("--format", help="table, or for pipes csv or json (one object per line).")] = (
        Format.TABLE
    ),
    role: WorkgroupRole = DEFAULT_ROLE,
    when: Annotated[
        str | None,
        typer.Option("--as-of", metavar="RELEASE|TIME|TAG", help="Read all tables in their state at that release."),
    ] = None,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Run one SQL statement on Athena, in the workgroup of a role.

    The databases are lakehouse_<env>_raw, _integration, _curated and _ops:

        lakehouse query "select * from lakehouse_dev_curated.sales_by_region_month"

    With --as-of, each table of integration and curated is read in its state in one release (`lakehouse releases`): the
    named one, or the last one at a time (ISO 8601, UTC). With a tag, each table is read in the state that has this tag.

    Needs the permissions of the role; a release needs a role that reads ops. Exit code 2: the role or the release does
    not exist, the release lacks a table of the query or its snapshot expired, or Athena refused the statement.
    """
    result = past.query(sql, role=role_named(role), names=names_of(env), when=when)
    show(result, form)


def releases(
    last: Annotated[int, typer.Option("--last", min=1, metavar="N", help="Number of releases.")] = 10,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """List the last releases, newest first, each with what started it and the rows that it changed by table.

    A release is the state that all tables of integration and curated had after a run that published something. A row of
    a file that was rewritten counts as added and as removed.

    Needs read access to ops. Exit code 2: the call was refused.
    """
    names = names_of(env)
    found = release.read(catalog.load(), names=names)
    if not found:
        console.print("no release yet: `lakehouse run` and `lakehouse build` record one when they publish something")
        return
    table = Table("release", "time (UTC)", "started by", "tables", "changed", "added", "removed")
    for column in table.columns[:5]:
        column.overflow = "fold"  # a shortened id cannot be copied
    for one in reversed(found[-last:]):
        counts = (one.added, one.removed)
        table.add_row(
            one.release_id,
            f"{one.released_at:%Y-%m-%d %H:%M:%S}",
            in_markup(one.started_by),
            f"{len(one.tables)}",
            "\n".join(one.changed),
            *("\n".join(f"{number:,}" for number in numbers) for numbers in counts),
        )
    console.print(table)
