"""The content of Airflow's bucket, deployed by CloudFormation: the DAG folder, and versions of the environment's files.

Amazon MWAA needs requirements and startup script before it creates an environment, so a command after the deployment
would be too late. A roll-back also restores the old content.
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

from aws_cdk import AssetHashType
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_s3_deployment as s3_deployment
from constructs import Construct

from lakehouse.errors import LakehouseError
from lakehouse.operations import dbt
from stacks.iam.acknowledge import acknowledge
from stacks.iam.airflow import WHY_CONTENT_WILDCARDS, content_statements
from stacks.iam.roles import add_service_role
from stacks.settings import Settings
from stacks.stack import LakehouseStack

DAGS = "repository"
"""Folder of the bucket that becomes Airflow's DAG folder; `dags.bundle` builds it from the contracts."""
DBT_PACKAGES = "dbt-packages"
"""Context: the archive that `dags.dbt_packages` wrote; without it, workers install dbt from CodeArtifact."""


class Content(NamedTuple):
    """Where the environment's files are in the bucket, and the constructs that deploy them."""

    requirements: str
    startup_script: str
    deployments: list[Construct]


def add_content(stack: LakehouseStack, *, settings: Settings, key: kms.IKey, contracts: Path, root: Path) -> Content:
    """Deploy DAG folder, requirements, startup script, and the packages of dbt if the context names them.

    Args:
        stack: the stack of Airflow.
        settings: retention of the function's log, and the lineage endpoint.
        key: the key of the bucket.
        contracts: folder of the contracts from which the DAGs are built.
        root: the repository.
    """
    names = stack.names
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", names.dags_bucket)
    code = assets.Asset(stack, "Bundle", path=str(bundle(root, contracts)))
    files = {name: (root / "dags" / name).read_text() for name in ("requirements.txt", "startup.sh")}
    files["dbt-requirements.txt"] = (root / "models" / "requirements.txt").read_text()
    archive = stack.node.try_get_context(DBT_PACKAGES)
    # A changed file gets another path, because Amazon MWAA reads a file again only if its path changes.
    version = sha256("\0".join([names.prefix, *files.values(), "packed" if archive else ""]).encode()).hexdigest()[:12]
    folder = f"environment/{version}"
    exports = _exports(stack, settings=settings, folder=folder)
    if archive:
        # Its hash is the version's: two archives of one lock differ in the times of their files.
        packages = assets.Asset(
            stack, "DbtPackages", path=archive, asset_hash=version, asset_hash_type=AssetHashType.CUSTOM
        )
        exports["LAKEHOUSE_DBT_PACKAGES"] = f"{folder}/{packages.asset_hash}.zip"
    lines = [f"export {name}='{value}'\n" for name, value in exports.items()]
    files["startup.sh"] = "".join(["#!/bin/sh\n", *lines, files["startup.sh"]])
    log_group_name = names.function_log_group("orchestration-content")
    common: dict[str, Any] = {
        "destination_bucket": bucket,
        "role": _role(stack, log_group=log_group_name, key=key),
        "log_group": logs.LogGroup(
            stack,
            "content-log",
            log_group_name=log_group_name,
            retention=settings.retention.logs,
            encryption_key=key,
            removal_policy=settings.removal_policy,
        ),
        "memory_limit": 256,
    }
    deployments: list[Construct] = [
        s3_deployment.BucketDeployment(
            stack,
            "Dags",
            sources=[s3_deployment.Source.bucket(code.bucket, code.s3_object_key)],
            destination_key_prefix=DAGS,
            **common,
        ),
        # The environment reads the last version until it has been updated.
        s3_deployment.BucketDeployment(
            stack,
            "Environment",
            sources=[s3_deployment.Source.data(name, text) for name, text in files.items()],
            destination_key_prefix=folder,
            prune=False,
            retain_on_delete=True,
            **common,
        ),
    ]
    if archive:
        deployments.append(
            s3_deployment.BucketDeployment(
                stack,
                "DbtPackagesCopy",
                sources=[s3_deployment.Source.bucket(packages.bucket, packages.s3_object_key)],
                destination_key_prefix=folder,
                extract=False,
                prune=False,
                retain_on_delete=True,
                **common,
            )
        )
    for child in stack.node.children:
        if child.node.id.startswith("Custom::CDKBucketDeployment"):
            acknowledge(
                child,
                "AwsSolutions-L1",
                reason="The CDK chooses the runtime of its own function, whose libraries are in a layer.",
            )
    return Content(f"{folder}/requirements.txt", f"{folder}/startup.sh", deployments)


@cache
def bundle(root: Path, contracts: Path) -> Path:
    """Build Airflow's DAG folder, once for each synthesis, and return its path; it is deleted at exit.

    Args:
        root: the repository.
        contracts: folder of the contracts.

    Raises:
        LakehouseError: The folder could not be built, or contracts have violations.
    """
    folder = Path(tempfile.mkdtemp(prefix="lakehouse-dags-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    contracts_path = contracts.relative_to(root) if contracts.is_relative_to(root) else contracts
    # Next to the environment of this process: `root` may be another commit, without environments.
    python = Path(sys.prefix).with_name(".venv-dbt") / "bin" / "python"
    process = subprocess.run(
        [sys.executable, "-m", "dags.bundle", folder, "--contracts", contracts_path],
        cwd=root,
        env={dbt.PYTHON: str(python), **os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        raise LakehouseError(f"no DAGs for Airflow: {process.stderr.strip()}")
    return folder


def _exports(stack: LakehouseStack, *, settings: Settings, folder: str) -> dict[str, str]:
    """Return the variables of startup script, DAGs and dbt."""
    names = stack.names
    host = f"{names.packages_domain}-{stack.account}.d.codeartifact.{stack.region}.amazonaws.com"
    return dbt.environment(names) | {
        "LAKEHOUSE_ENV": names.environment,
        "LAKEHOUSE_BUCKET_DAGS": names.dags_bucket,
        "LAKEHOUSE_DBT_REQUIREMENTS": f"{folder}/dbt-requirements.txt",
        "LAKEHOUSE_DBT_ROLE": stack.role_arn(names.dbt_role),
        "LAKEHOUSE_PACKAGES_DOMAIN": names.packages_domain,
        "LAKEHOUSE_PACKAGES_HOST": host,
        "LAKEHOUSE_PACKAGES_REPOSITORY": names.packages_repository,
        **settings.lineage_variables,
    }


def _role(stack: LakehouseStack, *, log_group: str, key: kms.IKey) -> iam.IRole:
    """Add the role of the function; the CDK's own would reach the whole bootstrap bucket."""
    names = stack.names
    role, _ = add_service_role(
        stack,
        "content",
        service="lambda",
        name=names.role("airflow-content"),
        description=f"Puts DAGs and requirements into {names.dags_bucket}",
        statements=content_statements(stack, log_group=log_group, key=key),
        why_wildcards=WHY_CONTENT_WILDCARDS,
    )
    return role.without_policy_updates()
