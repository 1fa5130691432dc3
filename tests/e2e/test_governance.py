"""Who may see what in the lakehouse as the demo leaves it: deployed, applied and built by the real tools."""

from typing import Any

import boto3
import pytest

from lakehouse.names import Names, Zone
from tests.support import classification, tag_based_access
from tests.support.demo.finished_demo import Demo
from tests.support.lake_formation import granted_to, in_catalog
from tests.support.repository import ROOT

pytestmark = pytest.mark.e2e


def classified() -> list[tuple[Zone, str, dict[str, str]]]:
    """Zone, name and classifications of every table that contracts and models speak of."""
    contracts = dict(classification.of_contracts(ROOT / "contracts"))
    models = classification.of_models(ROOT / "models")
    return [
        *((zone, name, said) for zone in (Zone.RAW, Zone.INTEGRATION) for name, said in contracts.items()),
        *((Zone(zone), name, said) for zone, name, said in models),
    ]


@pytest.mark.parametrize("role", classification.ROLES)
def test_every_column_is_seen_by_whom_its_classification_lets(finished: Demo, role: str) -> None:
    names = finished.lake.names
    client: Any = boto3.client("lakeformation")
    granted = granted_to(client, names.role(role))
    assert granted
    for zone, name, said in classified():
        table = in_catalog(client, names.database(zone), name)
        seen = tag_based_access.seen(table, granted)
        for column in table.columns:
            # Contracts leave our own columns out; a model lists all that it has.
            step = said.get(column, "restricted" if zone is Zone.CURATED else "internal")
            expected = classification.sees(role, zone=zone, classification=step)
            assert (column in seen) == expected, (role, zone, name, column)


def test_nothing_is_open_to_whoever_iam_lets(finished: Demo) -> None:
    client: Any = boto3.client("lakeformation")
    settings = client.get_data_lake_settings()["DataLakeSettings"]
    assert settings["CreateDatabaseDefaultPermissions"] == []
    assert settings["CreateTableDefaultPermissions"] == []
    principals = {
        item["Principal"]["DataLakePrincipalIdentifier"]
        for item in client.list_permissions()["PrincipalResourcePermissions"]
        if "Catalog" not in item["Resource"]  # everybody may create databases: a grant of a new account
    }
    assert "IAM_ALLOWED_PRINCIPALS" not in principals
    names = finished.lake.names
    for zone in (Zone.RAW, Zone.INTEGRATION, Zone.CURATED):
        found = client.describe_resource(ResourceArn=f"arn:aws:s3:::{names.bucket(zone)}")["ResourceInfo"]
        assert found["RoleArn"].endswith(f":role/{names.locations_role}")


def test_the_trail_logs_to_a_bucket_with_object_lock(finished: Demo) -> None:
    names: Names = finished.lake.names
    cloudtrail: Any = boto3.client("cloudtrail")
    trail = cloudtrail.get_trail(Name=names.trail)["Trail"]
    assert (trail["S3BucketName"], trail["LogFileValidationEnabled"]) == (names.audit_bucket, True)
    assert cloudtrail.get_trail_status(Name=names.trail)["IsLogging"] is True
    lock = boto3.client("s3").get_object_lock_configuration(Bucket=names.audit_bucket)
    assert lock["ObjectLockConfiguration"]["ObjectLockEnabled"] == "Enabled"
