"""`make nag`: every finding of cdk-nag in every environment and profile, and why it is as it should be."""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from unittest.mock import patch

from aws_cdk import Acknowledgment, App
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct
from rich.console import Console
from rich.table import Table
from rich.text import Text

import app as cdk_entry
from lakehouse.cost.synth import ACCOUNT, context_of
from stacks.iam import acknowledge
from stacks.settings import ENVIRONMENTS, Profile

DEPLOYMENTS = [f"{environment}-{profile}" for environment in ENVIRONMENTS for profile in Profile]
"""Every environment in every profile, as `-c environment=all` names them."""
REGION = "eu-central-1"
PACK = "AwsSolutions-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that one construct does not meet.

    Attributes:
        rule: rule of cdk-nag, with the finding in brackets if the rule has several.
        path: construct path, e.g. `dev-minimal/lakehouse-dev-storage/AccessLogs/Resource`.
        reason: why it is acceptable; None if it is not acknowledged.
    """

    rule: str
    path: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All findings, and the acknowledgements without a finding as (rule, path)."""

    findings: list[Finding]
    unused: list[tuple[str, str]]


def collect() -> Report:
    """Run cdk-nag on all environments and profiles without acknowledgements, then match these with the findings."""
    reasons: dict[tuple[str, str], str] = {}

    class Recorder:
        """Replacement of the CDK's `Validations` that records acknowledgements instead of applying them."""

        def __init__(self, construct: IConstruct) -> None:
            self.path = construct.node.path

        @classmethod
        def of(cls, construct: IConstruct) -> "Recorder":
            return cls(construct)

        def acknowledge(self, *acknowledgments: Acknowledgment) -> None:
            reasons.update({(each.id, self.path): each.reason for each in acknowledgments})

    with TemporaryDirectory() as out, patch.object(acknowledge, "Validations", Recorder):
        app = App(context=context_of(cdk_entry.ROOT) | {"environment": "all"}, outdir=out)
        cdk_entry.build(app, account=ACCOUNT, region=REGION)
        violations = AwsSolutionsChecks().validate_scope(app).violations
    findings, used = [], set()
    for violation in violations:
        for resource in violation.violating_resources:
            path = resource.construct_path or ""
            places = [(violation.rule_name, above) for above in _and_above(path)]
            acknowledged = next((place for place in places if place in reasons), None)
            used.add(acknowledged)
            reason = reasons[acknowledged] if acknowledged else None
            findings.append(Finding(rule=violation.rule_name, path=path, reason=reason))
    unused = [place for place in reasons if place not in used and place[0].startswith(PACK)]
    return Report(findings=sorted(findings, key=lambda finding: (finding.path, finding.rule)), unused=sorted(unused))


def _and_above(path: str) -> Iterator[str]:
    """Yield a construct path and the paths of its parents, innermost first."""
    while path:
        yield path
        path = path.rpartition("/")[0]


def rows(findings: Iterable[Finding]) -> list[tuple[str, ...]]:
    """Return rows of the report: rule, stack, construct, finding, deployments and reason."""
    where: dict[tuple[str, ...], list[str]] = {}
    for finding in findings:
        deployment, stack, *construct = finding.path.split("/")
        environment = deployment.partition("-")[0]
        anywhere = re.compile(rf"(?<=[-_/]){environment}(?=[-_/])")
        rule, _, detail = finding.rule.removesuffix("]").partition("[")
        place = (rule, anywhere.sub("ENV", stack), "/".join(construct), anywhere.sub("ENV", detail))
        where.setdefault((*place, finding.reason or ""), []).append(deployment)
    together: dict[tuple[str, ...], list[str]] = {}
    for (rule, part, within, text, reason), names in sorted(where.items()):
        deployments = "all" if len(names) == len(DEPLOYMENTS) else " ".join(names)
        together.setdefault((rule, part, within, deployments, reason), []).append(text)
    return [(*key[:3], "\n".join(details), *key[3:]) for key, details in together.items()]


def main() -> None:
    """Print the report; exit with code 1 if a finding has no reason or an acknowledgement has no finding."""
    report = collect()
    table = Table(show_lines=True)
    for heading in ("rule", "stack", "construct", "found", "where", "acknowledged, as"):
        table.add_column(heading, overflow="fold")
    for *place, reason in rows(report.findings):
        table.add_row(*map(Text, place), reason or "[red]NOT ACKNOWLEDGED[/]")
    # A terminal folds long lines; in a file or a log they stay long.
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(table)
    open_ = [finding for finding in report.findings if finding.reason is None]
    console.print(
        f"cdk-nag AwsSolutions: {len(report.findings)} findings in {len(DEPLOYMENTS)} deployments, {len(open_)} not "
        f"acknowledged, {len(report.unused)} acknowledgements without a finding"
    )
    for rule, path in report.unused:
        console.print(f"  {rule} on {path} is acknowledged and not found", markup=False)
    sys.exit(bool(open_ or report.unused))


if __name__ == "__main__":
    main()
