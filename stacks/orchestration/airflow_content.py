"""What Airflow reads, put into its bucket by CloudFormation: the DAG folder, and the environment's files by version.

Amazon MWAA wants requirements and startup script before it makes an environment, so a command after the deployment
would come too late; and a roll-back brings the old content back with everything else.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from aws_cdk import DefaultStackSynthesizer
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct

from lakehouse.errors import LakehouseError
from lakehouse.operations import dbt
from stacks.iam.acknowledge import acknowledge
from stacks.iam.service_role import service_role
from stacks.settings import Settings
from stacks.stack import LakehouseStack

DAGS = "repository"
"""Folder of the bucket that becomes Airflow's DAG folder: what `dags.bundle` makes of the contracts."""
WHY_WILDCARDS = (
    "DAGs come and go: the function is held to Airflow's bucket, and reads the assets of deployments, which are code."
)


class Content(NamedTuple):
    """Where the environment's files are in the bucket, and what puts them there."""

    requirements: str
    startup_script: str
    made: list[Construct]


def add_content(stack: LakehouseStack, *, settings: Settings, key: kms.IKey, contracts: Path, root: Path) -> Content:
    """Deploy DAG folder, requirements and startup script.

    Args:
        stack: the stack that Airflow is in.
        settings: how long the function's log is kept, who is told of lineage.
        key: the key of the bucket.
        contracts: folder of the contracts that the DAGs are made of.
        root: the repository.
    """
    names = stack.names
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", names.dags_bucket)
    code = assets.Asset(stack, "Bundle", path=str(bundle(root, contracts)))
    files = {name: (root / "dags" / name).read_text() for name in ("requirements.txt", "startup.sh")}
    files["dbt-requirements.txt"] = (root / "models" / "requirements.txt").read_text()
    # A file that changes has another path, and only that has Amazon MWAA take it up.
    version = sha256("\0".join([names.prefix, *files.values()]).encode()).hexdigest()[:12]
    folder = f"environment/{version}"
    files["startup.sh"] = _exports(stack, settings=settings, folder=folder) + files["startup.sh"]
    shared: dict[str, Any] = {
        "destination_bucket": bucket,
        "role": _role(stack, key=key),
        "log_group": logs.LogGroup(
            stack,
            "content-log",
            log_group_name=names.function_log_group("orchestration-content"),
            retention=settings.retention.logs,
            encryption_key=key,
            removal_policy=settings.removal_policy,
        ),
        "memory_limit": 256,
    }
    put = deployment.BucketDeployment
    made: list[Construct] = [
        put(
            stack,
            "Dags",
            sources=[deployment.Source.bucket(code.bucket, code.s3_object_key)],
            destination_key_prefix=DAGS,
            **shared,
        ),
        # The environment reads the last version until it has been updated.
        put(
            stack,
            "Environment",
            sources=[deployment.Source.data(name, text) for name, text in files.items()],
            destination_key_prefix=folder,
            prune=False,
            retain_on_delete=True,
            **shared,
        ),
    ]
    for child in stack.node.children:
        if child.node.id.startswith("Custom::CDKBucketDeployment"):
            acknowledge(
                child,
                "AwsSolutions-L1",
                reason="The runtime is the CDK's choice for its own function, which brings its libraries in a layer.",
            )
    return Content(f"{folder}/requirements.txt", f"{folder}/startup.sh", made)


@cache
def bundle(root: Path, contracts: Path) -> Path:
    """Airflow's DAG folder, made once a synthesis, in a folder that is gone after it.

    Raises:
        LakehouseError: it could not be made, or contracts have violations; says why.
    """
    folder = Path(tempfile.mkdtemp(prefix="lakehouse-dags-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    place = contracts.relative_to(root) if contracts.is_relative_to(root) else contracts
    # Beside the environment of this very process: what is synthesized may be another commit, without any.
    python = Path(sys.prefix).with_name(".venv-dbt") / "bin" / "python"
    made = subprocess.run(
        [sys.executable, "-m", "dags.bundle", folder, "--contracts", place],
        cwd=root,
        env={dbt.PYTHON: str(python), **os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise LakehouseError(f"no DAGs for Airflow: {made.stderr.strip()}")
    return folder


def _exports(stack: LakehouseStack, *, settings: Settings, folder: str) -> str:
    """Lines that export what startup script, DAGs and dbt read."""
    names = stack.names
    host = f"{names.packages_domain}-{stack.account}.d.codeartifact.{stack.region}.amazonaws.com"
    variables = dbt.environment(names) | {
        "LAKEHOUSE_ENV": names.environment,
        "LAKEHOUSE_BUCKET_DAGS": names.dags_bucket,
        "LAKEHOUSE_DBT_REQUIREMENTS": f"{folder}/dbt-requirements.txt",
        "LAKEHOUSE_DBT_ROLE": stack.role_arn(names.dbt_role),
        "LAKEHOUSE_PACKAGES_DOMAIN": names.packages_domain,
        "LAKEHOUSE_PACKAGES_HOST": host,
        "LAKEHOUSE_PACKAGES_REPOSITORY": names.packages_repository,
        **settings.lineage_variables,
    }
    return "#!/bin/sh\n" + "".join(f"export {name}='{value}'\n" for name, value in variables.items())


def _role(stack: LakehouseStack, *, key: kms.IKey) -> iam.IRole:
    """The function's role; the CDK would give it more, and on the whole bootstrap bucket."""
    names = stack.names
    bucket = stack.s3_arn(names.dags_bucket)
    bootstrap = f"cdk-{DefaultStackSynthesizer.DEFAULT_QUALIFIER}-assets-{stack.account}-{stack.region}"
    group = f"log-group:{names.function_log_group('orchestration-content')}"
    statements = [
        iam.PolicyStatement(sid="ReadAssets", actions=["s3:GetObject"], resources=[stack.s3_arn(f"{bootstrap}/*")]),
        iam.PolicyStatement(sid="ListContent", actions=["s3:ListBucket", "s3:GetBucketLocation"], resources=[bucket]),
        iam.PolicyStatement(
            sid="WriteContent", actions=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], resources=[f"{bucket}/*"]
        ),
        iam.PolicyStatement(sid="UseKey", actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key.key_arn]),
        iam.PolicyStatement(
            sid="Log",
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:{group}:*"],
        ),
    ]
    role, _ = service_role(
        stack,
        "content",
        name=names.role("airflow-content"),
        description=f"Puts DAGs and requirements into {names.dags_bucket}",
        service="lambda",
        statements=statements,
        why=WHY_WILDCARDS,
    )
    return role.without_policy_updates()
