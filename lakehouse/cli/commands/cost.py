"""`lakehouse cost`: estimate the cost of an environment from its templates."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.table import Table

from lakehouse.cli.options import DEFAULT_ENVIRONMENT, Environment, console
from lakehouse.cost import assembly, report
from lakehouse.cost.estimate import Estimate, estimate
from lakehouse.cost.prices import load_prices
from lakehouse.cost.report import Section
from lakehouse.cost.synth import checkout, synthesize


class Format(StrEnum):
    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"


def cost(
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help="standard or minimal; by default the profile of the environment.")
    ] = None,
    region: Annotated[
        str, typer.Option(envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], metavar="NAME", help="AWS region of the prices.")
    ] = "eu-central-1",
    diff: Annotated[
        str | None,
        typer.Option("--diff", metavar="REF", help="Compare with a commit, branch or tag."),
    ] = None,
    templates: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of `cdk synth`; by default templates are synthesized."),
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="table, markdown for pull requests, or json for programs.")
    ] = Format.TABLE,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Estimate the fixed cost of an environment per month, and the cost of each use.

    Reads CloudFormation templates and a dated table of AWS list prices (lakehouse/cost/prices.toml). Resources without
    a price in the table are listed:

        lakehouse cost --env prod --diff main

    Needs a checkout of the repository with the CDK, but no AWS account. Exit code 2: the app could not be synthesized,
    or the table has no prices for the region.
    """
    prices = load_prices(region)
    context = {"environment": env} | ({"profile": profile} if profile else {})
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)

        def estimate_of(synthesized: Path) -> Estimate:
            return estimate(assembly.templates(synthesized).values(), prices=prices)

        now = estimate_of(templates or synthesize(Path.cwd(), region=region, out=folder / "now", **context))
        before = None
        if diff:
            source = checkout(diff, folder=folder / "source")
            before = estimate_of(synthesize(source, region=region, out=folder / "before", **context))
    if form is Format.JSON:
        json.dump(report.as_json(now, before=before, prices=prices), sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    compared = f", compared with {diff}" if diff else ""
    title = f"{' '.join(filter(None, (env, profile)))} in {region}{compared}; AWS list prices of {prices.as_of}"
    console.print(title, style=None if form is Format.MARKDOWN else "bold")
    for section in report.sections(now, before=before):
        if form is Format.MARKDOWN:
            sys.stdout.write(f"\n{report.markdown(section)}")
        else:
            console.print(_table(section))


def _table(section: Section) -> Table:
    table = Table(title=section.title, title_justify="left")
    for column, heading in enumerate(section.headings):
        table.add_column(heading, justify="left" if column < section.numbers_from else "right")
    for row in section.rows:
        table.add_row(*row)
    return table
