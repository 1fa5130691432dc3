"""Announce a release to the people of a domain, if a contract of the domain asks for it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import boto3

from lakehouse.contracts import index
from lakehouse.engine import athena, notification
from lakehouse.governance.tag_keys import DOMAIN
from lakehouse.names import Names, OpsTable, Urgency, Zone
from lakehouse.quality.rules import FRESHNESS
from lakehouse.releases.release import Release

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient


def announce(session: boto3.Session, release: Release, *, names: Names) -> list[str]:
    """Send one notification for each domain that has changed tables and asks for it; return these domains.

    Args:
        session: session of dbt's role.
        release: a release that was just recorded.
        names: names of the deployment.

    Raises:
        LakehouseError: Athena refused the query for the age of the data.
    """
    datasets = {entry["dataset"]: entry for entry in index.read(session.client("s3"), names=names)}
    asking = {entry["domain"] for entry in datasets.values() if entry.get("notify_published")}
    if not asking:
        return []
    changed: defaultdict[str, list[str]] = defaultdict(list)
    for name in release.changed:
        zone, _, table = name.partition(".")
        is_dataset = zone == Zone.INTEGRATION and table in datasets
        domain = datasets[table]["domain"] if is_dataset else _domain_of_model(session, names, Zone(zone), table)
        if domain in asking:
            changed[domain].append(name)
    rows = {
        name: (added, removed)
        for name, added, removed in zip(release.changed, release.added, release.removed, strict=True)
    }
    if not changed:
        return []
    told = {name.partition(".")[2] for tables in changed.values() for name in tables}
    ages, sns = _ages(session.client("athena"), sorted(told), names=names), session.client("sns")
    for domain, tables in changed.items():
        notification.send(
            sns,
            names,
            urgency=Urgency.INFO,
            subject=f"{domain} has new rows, release {release.release_id}",
            lines={
                "domain": domain,
                "release": f"{release.release_id}, {release.released_at:%Y-%m-%d %H:%M} UTC, by {release.started_by}",
                **{name: _change(*rows[name], age=ages.get(name.partition(".")[2])) for name in tables},
                "read it": f"lakehouse query --as-of {release.release_id}; what changed: lakehouse diff TABLE",
                "dashboard": _dashboard(names, domain),
            },
        )
    return list(changed)


def _domain_of_model(session: boto3.Session, names: Names, zone: Zone, table: str) -> str | None:
    """Return the domain of a table that dbt made, from its LF-Tag; None if it has none or is gone."""
    client: Any = session.client("lakeformation")
    place = {"Table": {"DatabaseName": names.database(zone), "Name": table}}
    try:
        found = client.get_resource_lf_tags(Resource=place, ShowAssignedLFTags=True)
    except client.exceptions.EntityNotFoundException:
        return None
    values = (tag["TagValues"][0] for tag in found.get("LFTagsOnTable", []) if tag["TagKey"] == DOMAIN)
    return next(values, None)


def _ages(client: "AthenaClient", datasets: Collection[str], *, names: Names) -> Mapping[str, float]:
    """Return the age in minutes of the newest row of each dataset, as its last merge measured it."""
    listed = ", ".join(map(athena.literal, datasets))
    sql = (
        f"SELECT dataset, max_by(measured, evaluated_at) FROM {names.ops_database}.{OpsTable.QUALITY_RESULTS} "  # noqa: S608 - literals
        f"WHERE rule = '{FRESHNESS}' AND dataset IN ({listed}) AND measured IS NOT NULL GROUP BY dataset"
    )
    found: Sequence[tuple[str | None, ...]] = list(
        athena.query(client, sql, names=names, workgroup=names.dbt_workgroup, database=names.ops_database).rows
    )
    return {str(dataset): float(minutes) for dataset, minutes in found if minutes is not None}


def _change(added: int, removed: int, *, age: float | None) -> str:
    parts = [f"{added:,} rows written", f"{removed:,} removed" if removed else ""]
    parts += [f"newest row {age:,.0f} minutes old" if age is not None else ""]
    return ", ".join(filter(None, parts))


def _dashboard(names: Names, domain: str) -> str:
    console = f"https://{names.region}.console.aws.amazon.com/cloudwatch/home?region={names.region}"
    return f"{console}#dashboards/dashboard/{names.dashboard(domain)}"
