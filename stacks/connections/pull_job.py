"""The Glue job that pulls from APIs: no AWS service does, and a job reaches the internet and may run for hours."""

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager

from lakehouse.contracts.model import Contract
from lakehouse.names import Fetch
from stacks.iam.acknowledge import acknowledge
from stacks.iam.jobs import WHY_PULL_WILDCARDS, pull_statements
from stacks.iam.roles import add_service_role
from stacks.settings import Settings
from stacks.shared.glue_job import add_glue_job
from stacks.shared.job_code import upload, upload_wheel
from stacks.shared.job_logs import job_log_groups
from stacks.stack import LakehouseStack


def add_pull_job(
    stack: LakehouseStack,
    *,
    contracts: Sequence[Contract],
    secrets: Iterable[secretsmanager.Secret],
    settings: Settings,
    key: kms.IKey,
    root: Path,
) -> None:
    """Add the job, its role and its log groups.

    Args:
        stack: the stack of the job.
        contracts: datasets whose source is an API.
        secrets: the secrets of these sources.
        settings: settings of the environment.
        key: the key of all that the job reads and writes.
        root: the repository.
    """
    names, job = stack.names, Fetch.API_TO_STAGE
    wheel, script = upload_wheel(stack, root), upload(stack, root / names.script_key(job))
    log_groups = job_log_groups(stack, job, settings=settings, key=key)
    role = add_service_role(
        stack,
        job,
        service="glue",
        name=names.job_role(job),
        description=f"Glue job {names.job(job)}",
        statements=pull_statements(stack, contracts=contracts, secrets=secrets, key=key, code=[script, wheel]),
        why_wildcards=WHY_PULL_WILDCARDS,
    )
    glue_job = add_glue_job(
        stack,
        job,
        description="Pulls new records from the API of one dataset to stage",
        role=role,
        script=script,
        arguments={"--additional-python-modules": ",".join([wheel.s3_object_url, *_requirements(root)])},
        log_groups=log_groups,
        settings=settings.jobs,
    )
    for rule in ("AwsSolutions-GL1", "AwsSolutions-GL3"):
        acknowledge(
            glue_job,
            rule,
            reason="It uses the security configuration of the other jobs, which is in their stack, by its name.",
        )


def _requirements(root: Path) -> list[str]:
    """Return the pinned packages that the job installs in addition to the library's own requirements."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    requirements: list[str] = project["optional-dependencies"]["api"]
    return requirements
