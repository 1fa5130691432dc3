"""What Lake Formation decides: its settings, its locations, old permissions, and Glue's database `default`."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from lakehouse.engine.role_arns import role_arn
from lakehouse.governance.default_database import OPEN_TO_ALL
from lakehouse.governance.tags import Area
from lakehouse.names import DEFAULT_DATABASE, Zone
from lakehouse.operations.doctor.check import Deployment, Finding, client, failed, is_missing, passed, passed_if

ZONES = (Zone.RAW, Zone.INTEGRATION, Zone.CURATED)
DEFAULTS = {"CreateDatabaseDefaultPermissions": "new databases", "CreateTableDefaultPermissions": "new tables"}


def check_lake_settings(deployment: Deployment) -> Iterator[Finding]:
    """Check that the lake has an administrator, and that new databases and tables are closed."""
    settings = client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    admins = [admin["DataLakePrincipalIdentifier"] for admin in settings.get("DataLakeAdmins", [])]
    deploying = [arn for arn in admins if "cfn-exec-role" in arn]
    yield passed_if(bool(deploying), "administrators", f"{len(admins)}, {len(deploying)} of them CloudFormation's role")
    for member, subject in DEFAULTS.items():
        opened = [item["Principal"]["DataLakePrincipalIdentifier"] for item in settings.get(member, [])]
        yield passed_if(not opened, subject, f"are open to {', '.join(opened)}" if opened else "are closed")


def check_old_permissions(deployment: Deployment) -> Iterator[Finding]:
    """Check that no database or table of the lakehouse is open to every principal that IAM allows."""
    lake, names = client("lakeformation"), deployment.names
    ours = {area.database(names) for area in Area}
    found = set()
    for kind in ("DATABASE", "TABLE"):
        request = {"Principal": {"DataLakePrincipalIdentifier": OPEN_TO_ALL}, "ResourceType": kind}
        while True:
            page = lake.list_permissions(**request)
            for entry in page["PrincipalResourcePermissions"]:
                resource = entry["Resource"]
                table = resource.get("Table", {})
                database = table.get("DatabaseName") or resource.get("Database", {}).get("Name")
                if database in ours:
                    found.add(f"{database}.{table.get('Name', '*')}" if table else database)
            if not page.get("NextToken"):
                break
            request["NextToken"] = page["NextToken"]
    subject = f"permissions of {OPEN_TO_ALL}"
    yield failed(subject, f"on {', '.join(sorted(found))}") if found else passed(subject, "none that the caller sees")


def check_locations(deployment: Deployment) -> Iterator[Finding]:
    """Check that the zones' buckets are registered with the lakehouse's role, without hybrid access."""
    lake, names = client("lakeformation"), deployment.names
    registered: dict[str, Any] = {}
    request: dict[str, str] = {}
    while True:
        page = lake.list_resources(**request)
        registered |= {item["ResourceArn"].rpartition(":::")[2]: item for item in page["ResourceInfoList"]}
        if not page.get("NextToken"):
            break
        request["NextToken"] = page["NextToken"]
    role = role_arn(names.locations_role, names=names)
    for zone in ZONES:
        item = registered.get(names.bucket(zone))
        if item is None:
            yield failed(f"location of {zone}", "the bucket is not registered")
        elif item.get("HybridAccessEnabled"):
            yield failed(f"location of {zone}", "hybrid access is on: callers with IAM permissions see all columns")
        else:
            used = item.get("RoleArn", "no role")
            yield passed_if(used == role, f"location of {zone}", f"registered with {used.rpartition('/')[2]}")


def check_default_database(deployment: Deployment) -> Iterator[Finding]:
    """Check that a role may read Glue's database `default`, which Athena and Spark may open."""
    subject = f"database {DEFAULT_DATABASE}"
    try:
        client("glue").get_database(Name=DEFAULT_DATABASE)
    except ClientError as error:
        if is_missing(error):
            yield failed(subject, "does not exist")
            return
        raise
    yield passed(subject, "exists and is readable")
