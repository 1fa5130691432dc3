"""The Glue database `default` of the account, which Athena and Spark may open at a start, and which stays empty.

A new account does not have it, and under Lake Formation nobody sees it. Its tag `zone=default` makes it visible to the
roles of the lakehouse, whose grants name that value. A database that existed before is tagged if its owner is this
role, and is left alone otherwise.

Source: AWS Glue developer guide, "Troubleshooting AWS Glue data quality errors" (verify or create `default`); Athena
user guide, "Considerations and limitations for data registered with Lake Formation".
"""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lakehouse.governance.conflicts import retried
from lakehouse.governance.tag_keys import ZONE
from lakehouse.names import DEFAULT_DATABASE
from lakehouse.tables.diff import Action, Change

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_lakeformation import LakeFormationClient
    from mypy_boto3_lakeformation.type_defs import ResourceTypeDef

DESCRIPTION = "Empty; Athena and Spark open it at a start"
NOT_OURS = ("AccessDeniedException", "EntityNotFoundException", "InvalidInputException")
"""Errors of a tag that is not deployed yet, or of a database that this role may not tag."""
OPEN_TO_ALL = "IAM_ALLOWED_PRINCIPALS"


def plan(glue: "GlueClient", client: "LakeFormationClient") -> list[Change]:
    """Return what `apply` would change, or what waits for an administrator; changes nothing."""
    exists = _exists(glue)
    if exists is None:
        return [_for_an_administrator()]
    changes = [] if exists else [_change("create the database")]
    return changes if exists and _is_visible(client) else [*changes, _change(f"tag {ZONE}={DEFAULT_DATABASE}")]


def apply(glue: "GlueClient", client: "LakeFormationClient") -> list[Change]:
    """Create the database if the account does not have it, and let the roles of the lakehouse see it.

    An account lets every principal that IAM allows create databases, until an administrator of the lake revokes that.

    Returns:
        the changes that were made; one that waits for an administrator if this role may not make them.
    """
    planned = plan(glue, client)
    if not planned or planned[0].action is Action.WAIT:
        return planned
    try:
        if _exists(glue) is False:
            _create(glue)
        answer = retried(
            lambda: client.add_lf_tags_to_resource(
                Resource={"Database": {"Name": DEFAULT_DATABASE}},
                LFTags=[{"TagKey": ZONE, "TagValues": [DEFAULT_DATABASE]}],
            ),
            subject=f"database {DEFAULT_DATABASE}",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] not in NOT_OURS:
            raise
        return [_for_an_administrator()]
    return [_for_an_administrator()] if answer.get("Failures") else planned


def _create(glue: "GlueClient") -> None:
    try:
        glue.create_database(DatabaseInput={"Name": DEFAULT_DATABASE, "Description": DESCRIPTION})
    except ClientError as error:  # another deployment may have created it since
        if error.response["Error"]["Code"] != "AlreadyExistsException":
            raise


def _exists(glue: "GlueClient") -> bool | None:
    """Return whether the database exists; None if Lake Formation hides it from this role."""
    try:
        glue.get_database(Name=DEFAULT_DATABASE)
    except ClientError as error:
        match error.response["Error"]["Code"]:
            case "EntityNotFoundException":
                return False
            case "AccessDeniedException":
                return None
        raise
    return True


def _is_visible(client: "LakeFormationClient") -> bool:
    """Return whether the database has its tag, or is open to every principal that IAM allows."""
    resource: ResourceTypeDef = {"Database": {"Name": DEFAULT_DATABASE}}
    try:
        tags = client.get_resource_lf_tags(Resource=resource).get("LFTagOnDatabase", [])
        if any(tag["TagKey"] == ZONE and DEFAULT_DATABASE in tag["TagValues"] for tag in tags):
            return True
        granted = client.list_permissions(Resource=resource)["PrincipalResourcePermissions"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "AccessDeniedException":
            return False
        raise
    return any(grant["Principal"]["DataLakePrincipalIdentifier"] == OPEN_TO_ALL for grant in granted)


def _for_an_administrator() -> Change:
    detail = (
        f"waits for the tag {ZONE}={DEFAULT_DATABASE}: run `cdk deploy --all`, then apply again; if the database "
        "belongs to another role, or this role may not create it, an administrator of the lake has to do both"
    )
    return _change(detail, action=Action.WAIT)


def _change(detail: str, *, action: Action = Action.GOVERN) -> Change:
    return Change(table=DEFAULT_DATABASE, action=action, detail=detail)
