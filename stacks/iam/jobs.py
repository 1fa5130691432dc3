"""What the role of a move's job may do: read one zone, write the next, record it in ops, run its code, log."""

from collections.abc import Iterable, Sequence

from aws_cdk import FileAssetLocation
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs

from lakehouse.names import Zone
from stacks.stack import LakehouseStack

READ_OBJECTS = ["s3:GetObject", "s3:GetObjectVersion"]
WRITE_OBJECTS = [*READ_OBJECTS, "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
READ_TABLES = ["glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetTableVersion", "glue:GetTableVersions"]
WRITE_TABLES = [*READ_TABLES, "glue:UpdateTable"]
# Glue asks for the group to be made and encrypted although it is, and does not log where that is forbidden.
LOG = ["CreateLogGroup", "AssociateKmsKey", "CreateLogStream", "PutLogEvents"]
WHY_WILDCARDS = (
    "Objects and tables come and go: the role is held to buckets, prefixes and databases of its move. PutMetricData "
    "and PutTraceSegments know no resources; the first is held to the namespaces of Glue and of this deployment."
)


def job_statements(
    stack: LakehouseStack,
    *,
    source: Zone,
    target: Zone,
    key: kms.IKey,
    code: Iterable[FileAssetLocation],
    log_groups: Sequence[logs.LogGroup],
    traces: bool,
) -> list[iam.PolicyStatement]:
    """Statements of a job's role.

    Args:
        stack: the stack that the job is in.
        source, target: the zones that the job moves data between.
        key: the key of all buckets and log groups.
        code: script and wheel.
        log_groups: where the job logs.
        traces: whether it sends traces to X-Ray.
    """
    names = stack.names
    buckets = {names.bucket(zone) for zone in (source, target, Zone.INTEGRATION)} | {names.scripts_bucket}
    written = [names.database(target), names.ops_database]
    log_arns = [group.log_group_arn for group in log_groups]

    def allow(sid: str, actions: list[str], resources: list[str]) -> iam.PolicyStatement:
        return iam.PolicyStatement(sid=sid, actions=actions, resources=resources)

    statements = [
        allow(
            "ListBuckets", ["s3:ListBucket", "s3:GetBucketLocation"], [stack.s3_arn(name) for name in sorted(buckets)]
        ),
        allow("ReadSource", READ_OBJECTS, [stack.s3_arn(f"{names.bucket(source)}/*")]),
        allow("WriteTarget", WRITE_OBJECTS, [stack.s3_arn(f"{names.bucket(target)}/*")]),
        allow("WriteOps", WRITE_OBJECTS, [stack.s3_arn(f"{names.ops_location('')}*")]),
        allow("ReadContracts", READ_OBJECTS, [stack.s3_arn(f"{names.contracts_uri}*")]),
        allow("ReadCode", READ_OBJECTS, [stack.s3_arn(f"{file.bucket_name}/{file.object_key}") for file in code]),
        allow("UseKey", ["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn]),
        # Spark opens this database when it starts with --enable-glue-datacatalog, whatever it does then.
        allow("StartSpark", ["glue:GetDatabase"], [stack.glue_arn("catalog"), stack.glue_arn("database/default")]),
        allow("WriteTables", WRITE_TABLES, stack.glue_arns(*written)),
        allow("Log", [f"logs:{action}" for action in LOG], log_arns),
        iam.PolicyStatement(
            sid="Measure",
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": ["Glue", names.metric_namespace]}},
        ),
    ]
    if source is not Zone.STAGE:
        statements.append(allow("ReadTables", READ_TABLES, stack.glue_arns(names.database(source))))
    if traces:
        statements.append(allow("Trace", ["xray:PutTraceSegments"], ["*"]))
    return statements
