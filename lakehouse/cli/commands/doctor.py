"""`lakehouse doctor`: check what AWS decides and no template shows."""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from lakehouse.cli.options import (
    DEFAULT_CONTRACTS,
    DEFAULT_ENVIRONMENT,
    Contracts,
    Environment,
    checked_contracts,
    console,
)
from lakehouse.cli.printable import printable
from lakehouse.errors import LakehouseError
from lakehouse.operations.doctor.caller import identify, with_second_factor
from lakehouse.operations.doctor.check import Deployment, Outcome, Result
from lakehouse.operations.doctor.diagnosis import diagnose
from lakehouse.operations.doctor.report import markdown, summary
from lakehouse.settings import names_of

STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "red", Outcome.NOT_CHECKED: "yellow"}


def doctor(
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write a Markdown report without account ids, names and keys."),
    ] = None,
    mfa_serial: Annotated[
        str | None,
        typer.Option(
            envvar="LAKEHOUSE_MFA_SERIAL",
            metavar="ARN",
            help="Your second factor, with which the roles of people are taken; its code is asked for.",
        ),
    ] = None,
    mfa_code: Annotated[
        str | None, typer.Option(metavar="CODE", help="The code, if it is not to be asked for.")
    ] = None,
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Check a deployment in its account: quotas, Lake Formation, logs, alerts, network, and what each role may do.

    Run it after the first deployment, with the credentials of an administrator. Checks that the caller may not make,
    and roles that the caller may not take, are `not checked`. Changes nothing.

    Exit code 0: no check failed; 1: a check failed, its row says what to do.
    """
    if mfa_code and not mfa_serial:
        raise LakehouseError("--mfa-code needs --mfa-serial, the ARN of the device that shows the code")
    if report is not None and not report.parent.is_dir():
        raise LakehouseError(f"--report {report}: there is no folder {report.parent}")
    deployment = Deployment(names=names_of(env), contracts=checked_contracts(contracts))
    caller = identify(deployment.names)
    second_factor = None
    if mfa_serial:
        code = mfa_code or typer.prompt(f"Code of {mfa_serial}")
        second_factor = with_second_factor(caller, serial=mfa_serial, code=code)
    with console.status("checking"):
        results = list(diagnose(deployment, caller=caller, second_factor=second_factor))
    console.print(_table(results))
    console.print(summary(results))
    if report is not None:
        report.write_text(
            markdown(
                results,
                environment=env,
                region=deployment.names.region,
                version=version("lakehouse"),
                secrets=caller.secrets,
            )
        )
        console.print(f"{report} can be pasted into an issue", markup=False)
    raise typer.Exit(code=1 if any(result.outcome is Outcome.FAILED for result in results) else 0)


def _table(results: list[Result]) -> Table:
    table = Table(show_lines=False)
    for column in ("result", "check", "role", "subject", "found"):
        table.add_column(column, overflow="fold")
    for result in results:
        found = Text(printable(result.finding.detail, lines=True))
        if result.outcome is not Outcome.PASSED:
            found.append(f"\n{result.check.remedy} ({result.check.source})", style="dim")
        table.add_row(
            Text(result.outcome, style=STYLES[result.outcome]),
            result.check.name,
            result.role or "",
            Text(printable(result.finding.subject)),
            found,
        )
    return table
