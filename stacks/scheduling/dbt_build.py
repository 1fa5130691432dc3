"""dbt where nothing waits for it: a CodeBuild project installs it, builds the curated zone and is gone."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import FileAssetLocation, IgnoreMode
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets

from lakehouse.lineage.endpoint import UNSENT, UNSENT_LOG
from stacks.iam.dbt_role import add_dbt_role
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
    """Make the project, its role and its log.

    Args:
        stack: the stack that starts it.
        settings: how long its log is kept, who is told of lineage.
        key: the key of all buckets and log groups.
        wheel: the library, whose `lakehouse build` runs dbt.
        root: the repository, whose models it builds.
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
        exclude=["/*", "!/models", "/models/target", "/models/logs"],
    )
    role = add_dbt_role(
        stack,
        trusted=iam.ServicePrincipal("codebuild.amazonaws.com"),
        key=key,
        tags=tags,
        also=[
            iam.PolicyStatement(
                sid="ReadModels",
                actions=["s3:GetObject", "s3:GetObjectVersion"],
                resources=[stack.s3_arn(f"{models.s3_bucket_name}/{models.s3_object_key}")],
            ),
            iam.PolicyStatement(
                sid="ReadLibrary",
                actions=["s3:GetObject"],
                resources=[stack.s3_arn(f"{wheel.bucket_name}/{wheel.object_key}")],
            ),
            iam.PolicyStatement(
                sid="Log", actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log_group.log_group_arn]
            ),
        ],
    )
    project = codebuild.CfnProject
    variables = {
        "LAKEHOUSE_ENV": names.environment,
        "LAKEHOUSE_WHEEL": f"s3://{wheel.bucket_name}/{wheel.object_key}",
        **settings.lineage_variables,
    }
    if settings.lineage_endpoint:
        count_lines(stack, "dbt-unsent", log_group=log_group, containing=UNSENT_LOG, metric=UNSENT)
    project(
        stack,
        "dbt",
        name=names.dbt_project,
        description=f"lakehouse build: dbt builds the curated zone of {names.prefix}",
        service_role=role.role_arn,
        source=project.SourceProperty(
            type="S3", location=f"{models.s3_bucket_name}/{models.s3_object_key}", build_spec=BUILDSPEC
        ),
        artifacts=project.ArtifactsProperty(type="NO_ARTIFACTS"),
        environment=project.EnvironmentProperty(
            type="ARM_CONTAINER",
            compute_type="BUILD_GENERAL1_SMALL",
            image="aws/codebuild/amazonlinux-aarch64-standard:3.0",
            environment_variables=[
                project.EnvironmentVariableProperty(name=name, value=value) for name, value in variables.items()
            ],
        ),
        encryption_key=key.key_arn,
        logs_config=project.LogsConfigProperty(
            cloud_watch_logs=project.CloudWatchLogsConfigProperty(status="ENABLED", group_name=log_group.log_group_name)
        ),
        timeout_in_minutes=TIMEOUT_MINUTES,
    )
