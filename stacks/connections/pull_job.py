"""The Glue job that pulls from APIs: no service of AWS does, and a job has a way to the internet and time."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager

from lakehouse.batches.manifests import PULLS
from lakehouse.contracts.model import Contract
from lakehouse.names import Fetch, Zone
from stacks.iam.acknowledge import acknowledge
from stacks.iam.jobs import LOG, READ_OBJECTS
from stacks.iam.service_role import service_role
from stacks.settings import Settings
from stacks.shared.glue_job import add_glue_job
from stacks.shared.job_code import build_wheel, upload
from stacks.shared.job_logs import job_log_groups
from stacks.stack import LakehouseStack

WHY_WILDCARDS = (
    "Pages and manifests come and go: the role writes pages of the datasets that have an API, and reads and writes "
    "their manifests and nothing else. PutMetricData knows no resources; it is held to Glue's namespace."
)


def add_pull_job(
    stack: LakehouseStack,
    *,
    contracts: Iterable[Contract],
    secrets: Iterable[secretsmanager.Secret],
    settings: Settings,
    key: kms.IKey,
    root: Path,
) -> None:
    """Make the job, its role and its log groups.

    Args:
        stack: what it is in.
        contracts: datasets whose source is an API.
        secrets: of these sources.
        settings: choices of the environment.
        key: encrypts all that it reads and writes.
        root: the repository.
    """
    names, job = stack.names, Fetch.API_TO_STAGE
    wheel, script = upload(stack, build_wheel(root)), upload(stack, root / names.script_key(job))
    log_groups = job_log_groups(stack, job, settings=settings, key=key)

    def allow(sid: str, actions: list[str], resources: list[str]) -> iam.PolicyStatement:
        return iam.PolicyStatement(sid=sid, actions=actions, resources=resources)

    contracts = list(contracts)
    stage, raw = (stack.s3_arn(names.bucket(zone)) for zone in (Zone.STAGE, Zone.RAW))
    manifests = [f"{raw}/{names.batches_prefix(dataset=contract.dataset)}*" for contract in contracts]
    notes = [f"{raw}/{names.pull_key(dataset=contract.dataset)}" for contract in contracts]
    statements = [
        allow("ListBuckets", ["s3:ListBucket"], [raw, stack.s3_arn(names.scripts_bucket)]),
        allow("Land", ["s3:PutObject"], [f"{stage}/{contract.stage_prefix}{PULLS}*" for contract in contracts]),
        allow("Commit", ["s3:GetObject", "s3:PutObject"], [*manifests, *notes]),
        allow("ReadContracts", READ_OBJECTS, [stack.s3_arn(f"{names.contracts_uri}*")]),
        allow(
            "ReadCode",
            READ_OBJECTS,
            [stack.s3_arn(f"{file.bucket_name}/{file.object_key}") for file in (script, wheel)],
        ),
        allow("SignIn", ["secretsmanager:GetSecretValue"], [secret.secret_arn for secret in secrets]),
        allow("UseKey", ["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn]),
        allow("Log", [f"logs:{action}" for action in LOG], [group.log_group_arn for group in log_groups]),
        iam.PolicyStatement(
            sid="Measure",
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": "Glue"}},
        ),
    ]
    role = service_role(
        stack,
        job,
        name=names.job_role(job),
        description=f"Glue job {names.job(job)}",
        service="glue",
        statements=statements,
        why=WHY_WILDCARDS,
    )
    made = add_glue_job(
        stack,
        job,
        description="Pulls what is new of one dataset's API to stage",
        role=role,
        script=script,
        arguments={"--additional-python-modules": ",".join([wheel.s3_object_url, *_requirements(root)])},
        log_groups=log_groups,
        settings=settings.jobs,
    )
    for rule in ("AwsSolutions-GL1", "AwsSolutions-GL3"):
        acknowledge(made, rule, reason="Its security configuration is that of the other jobs, in their stack, by name.")


def _requirements(root: Path) -> list[str]:
    """What it installs beside the library's own requirements, pinned."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    found: list[str] = project["optional-dependencies"]["api"]
    return found
