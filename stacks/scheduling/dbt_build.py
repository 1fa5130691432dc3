"""dbt without a server: a CodeBuild project installs it and builds the curated zone."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import FileAssetLocation, IgnoreMode
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets

from lakehouse.lineage.endpoint import UNSENT, UNSENT_LOG
from stacks.iam.dbt import add_dbt_role, codebuild_statements
from stacks.iam.roles import trusted_service
from stacks.settings import Settings
from stacks.shared.log_metrics import count_lines
from stacks.stack import LakehouseStack

TIMEOUT_MINUTES = 60
BUILDSPEC = """\
version: 0.2
phases:
  install:
    runtime-versions:
      python: "3.12"
    commands:
      - aws s3 cp "$LAKEHOUSE_WHEEL" .
      - pip install --quiet "./$(basename "$LAKEHOUSE_WHEEL")[cli]"
      - python -m venv /tmp/dbt
      - /tmp/dbt/bin/pip install --quiet --no-deps --require-hashes -r models/requirements.txt
      - export LAKEHOUSE_DBT_PYTHON=/tmp/dbt/bin/python
  build:
    commands:
      - lakehouse build
"""


def add_dbt_build(
    stack: LakehouseStack,
    *,
    settings: Settings,
    key: kms.IKey,
    wheel: FileAssetLocation,
    root: Path,
    tags: Mapping[str, Sequence[str]],
) -> None:
    """Add the project, its role and its log.

    Args:
        stack: the stack of the state machine that starts it.
        settings: retention of the log, and the lineage endpoint.
        key: the key of all buckets and log groups.
        wheel: the library, whose `lakehouse build` runs dbt.
        root: the repository with the models.
        tags: every LF-Tag with all its values.
    """
    names = stack.names
    log_group = logs.LogGroup(
        stack,
        "dbt-log",
        log_group_name=names.dbt_log_group,
        retention=settings.retention.logs,
        encryption_key=key,
        removal_policy=settings.removal_policy,
    )
    models = assets.Asset(
        stack,
        "models",
        path=str(root),
        ignore_mode=IgnoreMode.GIT,
        exclude=["/*", "!/models", "/models/target", "/models/logs", "__pycache__"],
    )
    role = add_dbt_role(
        stack,
        trusted=trusted_service(stack, "codebuild"),
        key=key,
        tags=tags,
        engine_statements=codebuild_statements(stack, models=models, wheel=wheel, log_group=log_group),
    )
    variables = {
        "LAKEHOUSE_ENV": names.environment,
        "LAKEHOUSE_WHEEL": f"s3://{wheel.bucket_name}/{wheel.object_key}",
        **settings.lineage_variables,
    }
    if settings.lineage_endpoint:
        count_lines(stack, "dbt-unsent", log_group=log_group, containing=UNSENT_LOG, metric=UNSENT)
    codebuild.CfnProject(
        stack,
        "dbt",
        name=names.dbt_project,
        description=f"lakehouse build: dbt builds the curated zone of {names.prefix}",
        service_role=role.role_arn,
        source=codebuild.CfnProject.SourceProperty(
            type="S3", location=f"{models.s3_bucket_name}/{models.s3_object_key}", build_spec=BUILDSPEC
        ),
        artifacts=codebuild.CfnProject.ArtifactsProperty(type="NO_ARTIFACTS"),
        environment=codebuild.CfnProject.EnvironmentProperty(
            type="ARM_CONTAINER",
            compute_type="BUILD_GENERAL1_SMALL",
            image="aws/codebuild/amazonlinux-aarch64-standard:3.0",
            environment_variables=[
                codebuild.CfnProject.EnvironmentVariableProperty(name=name, value=value)
                for name, value in variables.items()
            ],
        ),
        encryption_key=key.key_arn,
        logs_config=codebuild.CfnProject.LogsConfigProperty(
            cloud_watch_logs=codebuild.CfnProject.CloudWatchLogsConfigProperty(
                status="ENABLED", group_name=log_group.log_group_name
            )
        ),
        timeout_in_minutes=TIMEOUT_MINUTES,
    )
