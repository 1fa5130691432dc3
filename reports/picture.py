"""`make docs`: draw the picture of the architecture from the templates of production."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from app import ROOT
from lakehouse.cost import assembly
from lakehouse.cost.assembly import Template
from lakehouse.cost.synth import ACCOUNT, synthesize
from lakehouse.names import Names, Zone
from reports import svg
from reports.flows import Flow, flows
from reports.readable import plain

FILE = ROOT / "docs" / "architecture.svg"
REGION = "eu-central-1"
ENVIRONMENT, PROFILE = "prod", "standard"

PLUMBING = re.compile(
    r"Policy$|Permission|Association|::Alias$|^Custom::|^AWS::IAM|LogStream$|RouteTable|SecurityGroup|SubnetGroup"
    r"|^AWS::Lambda|DataLakeSettings|VPCGateway|::Subscription$|MetricFilter$|SecurityConfiguration$|::EIP$|::Route$"
)
"""Types of supporting resources, which are left out."""
NAMES = {
    "AWS::Athena::WorkGroup": "Athena workgroup",
    "AWS::Budgets::Budget": "monthly budget",
    "AWS::DMS::ReplicationConfig": "DMS Serverless replication",
    "AWS::EC2::FlowLog": "flow log",
    "AWS::EC2::Subnet": "subnet",
    "AWS::EC2::VPC": "VPC",
    "AWS::EC2::VPCEndpoint": "VPC endpoint",
    "AWS::Events::Rule": "EventBridge rule",
    "AWS::KinesisFirehose::DeliveryStream": "Firehose delivery stream",
    "AWS::LakeFormation::Resource": "Lake Formation location",
    "AWS::Logs::LogGroup": "log group",
    "AWS::MWAA::Environment": "Airflow environment (MWAA)",
}
"""Common names of types whose technical names differ."""
WIDTH, MARGIN = 1160, 24
SOURCE_WIDTH, ZONE_WIDTH, ZONE_HEIGHT, GAP = 168, 104, 74, 82
TOP = 56
COLUMNS = 4


def draw(templates: Mapping[str, Template], *, names: Names) -> str:
    """Return the picture as SVG: sources, zones and workgroups above, each stack with its resources below."""
    moves = flows(templates, names=names)
    height = TOP + max(len(_sources(templates)) * 58, ZONE_HEIGHT + 70)
    parts = [svg.text(f"{names.project}, as it is deployed to {names.environment}", x=MARGIN, y=32, kind="title")]
    parts += _data(templates, moves, names=names, bottom=height)
    boxes, height = _stacks(templates, names=names, top=height + 24)
    return svg.document([*parts, *boxes], width=WIDTH, height=height, title="Architecture of the lakehouse")


def _data(templates: Mapping[str, Template], moves: Sequence[Flow], *, names: Names, bottom: int) -> list[str]:
    """Draw sources, zones, the flows between them, and the workgroups that query them."""
    middle = (TOP + bottom) // 2
    zone_x = {zone: MARGIN + SOURCE_WIDTH + GAP + index * (ZONE_WIDTH + GAP) for index, zone in enumerate(Zone)}
    parts = []
    for index, (source, by) in enumerate(_sources(templates).items()):
        y = TOP + index * 58
        parts.append(svg.box([source], x=MARGIN, y=y, width=SOURCE_WIDTH, height=34))
        corner = MARGIN + SOURCE_WIDTH + 34
        points = [(MARGIN + SOURCE_WIDTH, y + 17), (corner, y + 17), (corner, middle), (zone_x[Zone.STAGE], middle)]
        parts.append(svg.arrow(points))
        parts.append(svg.text(by, x=MARGIN + 10, y=y + 48, kind="label"))
    for zone, x in zone_x.items():
        lines = [zone.value, "as it was sent" if zone is Zone.STAGE else "Iceberg"]
        parts.append(
            svg.box(lines, x=x, y=middle - ZONE_HEIGHT // 2, width=ZONE_WIDTH, height=ZONE_HEIGHT, kind="zone")
        )
    for flow in moves:
        words = flow.job.removeprefix(f"{names.prefix}-").split("-")
        lines = ["Glue job", " ".join(words[:-1]), words[-1]]
        parts += _between(zone_x[flow.reads], zone_x[flow.writes], middle, lines)
    groups = [group.removeprefix(f"{names.prefix}-") for group in _workgroups(templates)]
    if names.dbt_workgroup.removeprefix(f"{names.prefix}-") in groups:
        parts += _between(zone_x[Zone.INTEGRATION], zone_x[Zone.CURATED], middle, ["Athena", "dbt"])
    workgroups = ["Athena", *(group for group in groups if group != "dbt")]
    x = zone_x[Zone.CURATED] + ZONE_WIDTH + 40
    high = svg.box_height(workgroups)
    parts.append(svg.box(workgroups, x=x, y=middle - high // 2, width=WIDTH - MARGIN - x, height=high))
    parts.append(svg.arrow([(zone_x[Zone.CURATED] + ZONE_WIDTH, middle), (x, middle)]))
    return parts


def _between(left: int, right: int, y: int, words: Sequence[str]) -> list[str]:
    """Draw an arrow from one zone to a later one, with its words above and below."""
    begin, centre = left + ZONE_WIDTH, (left + ZONE_WIDTH + right) // 2
    rows = [y - 10, *(y + 20 + 14 * number for number in range(len(words) - 1))]
    labels = [svg.text(word, x=centre, y=row, kind="label", middle=True) for word, row in zip(words, rows, strict=True)]
    return [svg.arrow([(begin, y), (right, y)]), *labels]


def _sources(templates: Mapping[str, Template]) -> dict[str, str]:
    """Return the sources of data, each with the service that brings it to stage."""
    sources: dict[str, str] = {}
    for template in templates.values():
        for resource in plain(template["Resources"]).values():
            match resource:
                case {"Type": "AWS::DMS::Endpoint", "Properties": {"EndpointType": "source", **properties}}:
                    sources[f"{properties['EngineName']} {properties['DatabaseName']}"] = "DMS"
                case {"Type": "AWS::Kinesis::Stream"}:
                    sources["Kinesis events"] = "Firehose"
                case {"Type": "AWS::MSK::ServerlessCluster"}:
                    sources["Kafka events"] = "Firehose"
                case {"Type": "AWS::SQS::Queue"}:
                    sources["files"] = "EventBridge, SQS"
    return dict(sorted(sources.items()))


def _workgroups(templates: Mapping[str, Template]) -> list[str]:
    return sorted(
        resource["Properties"]["Name"]
        for template in templates.values()
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Athena::WorkGroup"
    )


def _stacks(templates: Mapping[str, Template], *, names: Names, top: int) -> tuple[list[str], int]:
    """Draw a box for each stack, in columns of similar height; return the boxes and the height of the picture."""
    width = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * 16) // COLUMNS
    ends = [top] * COLUMNS
    parts = []
    for stack, template in templates.items():
        lines = [stack.removeprefix(f"{names.prefix}-"), *_contents(template)]
        column = ends.index(min(ends))
        high = svg.box_height(lines)
        parts.append(svg.box(lines, x=MARGIN + column * (width + 16), y=ends[column], width=width, height=high))
        ends[column] += high + 14
    return parts, max(ends) + MARGIN - 14


def _contents(template: Template) -> list[str]:
    types = [resource["Type"] for resource in template["Resources"].values()]
    counts = Counter(type_ for type_ in types if not PLUMBING.search(type_))
    return [_counted(count, NAMES.get(type_) or _words(type_)) for type_, count in sorted(counts.items())]


def _words(type_: str) -> str:
    """Return the words of a type: `Lake Formation data cells filter` for `AWS::LakeFormation::DataCellsFilter`."""
    _, service, kind = type_.split("::")
    split = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
    product = re.sub(r"^(Cloud|Code) ", r"\1", split.sub(" ", service))
    return f"{product} {split.sub(' ', kind).lower()}"


def _counted(count: int, words: str) -> str:
    if count == 1:
        return words
    return f"{count} {words.removesuffix('y')}ies" if words.endswith("y") else f"{count} {words}s"


def main(file: Path) -> None:
    """Synthesize production and write its picture to a file."""
    with TemporaryDirectory() as out:
        synthesized = synthesize(ROOT, region=REGION, out=Path(out), environment=ENVIRONMENT, profile=PROFILE)
        names = Names(environment=ENVIRONMENT, account=ACCOUNT, region=REGION)
        file.write_text(draw(assembly.templates(synthesized), names=names))


if __name__ == "__main__":
    main(FILE)
