"""The policy of a job's role: its statements, and what they reach."""

from lakehouse.names import Fetch, Move, Names
from tests.support.templates.assembly import Assembly, Json, as_list, policy_statements, text


def job_statements(assembly: Assembly, names: Names, move: Move | Fetch) -> dict[str, Json]:
    """Statements of the one policy of a job's role, by their ids."""
    roles = {role.properties.get("RoleName"): role.logical_id for role in assembly.resources("AWS::IAM::Role")}
    holders = [{"Ref": roles[names.job_role(move)]}]
    [policy] = [item for item in assembly.resources("AWS::IAM::Policy") if item.properties["Roles"] == holders]
    return {statement["Sid"]: statement for statement in policy_statements(policy)}


def reached(statement: Json) -> set[str]:
    return {text(resource) for resource in as_list(statement["Resource"])}


def databases(statement: Json) -> set[str]:
    """Databases whose tables a statement reaches."""
    return {arn.split("/")[1] for arn in reached(statement) if ":table/" in arn}
