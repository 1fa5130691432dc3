"""Notifications in a Slack channel: a function that subscribes to the topics of alerts, and the webhook's secret."""

from collections.abc import Collection

from aws_cdk import Duration, FileAssetLocation
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns

from lakehouse.operations import slack
from stacks.iam.acknowledge import acknowledge
from stacks.iam.statements import allow
from stacks.settings import Settings
from stacks.shared.function import add_function
from stacks.stack import LakehouseStack


def add_slack(
    stack: LakehouseStack,
    *,
    topics: Collection[sns.ITopic],
    settings: Settings,
    key: kms.IKey,
    wheel: FileAssetLocation,
) -> None:
    """Add the function of `lakehouse.operations.slack` and subscribe it to topics.

    Args:
        stack: the stack of the topics.
        topics: the topics of alerts.
        settings: retention of the log.
        key: the key of the secret, the log and the topics.
        wheel: the library.
    """
    names = stack.names
    secret = secretsmanager.Secret(
        stack,
        "slack-webhook",
        secret_name=names.slack_secret,
        description="Put the URL of the channel's incoming webhook here; until then no notification reaches Slack",
        encryption_key=key,
        removal_policy=settings.removal_policy,
    )
    acknowledge(
        secret,
        "AwsSolutions-SMG4",
        reason="Slack creates the URL: to rotate it, renew it in Slack and update this secret.",
    )
    _, function = add_function(
        stack,
        "slack",
        function_name=names.slack,
        description="Posts the notifications of the topics of alerts to a Slack channel",
        statements=[
            allow("Webhook", actions=["secretsmanager:GetSecretValue"], resources=[secret.secret_arn]),
            allow("Decrypt", actions=["kms:Decrypt"], resources=[key.key_arn]),
        ],
        memory_mib=128,
        timeout=Duration.seconds(3 * slack.TIMEOUT_SECONDS),
        environment={slack.SECRET: names.slack_secret},
        settings=settings,
        key=key,
        wheel=wheel,
    )
    for topic in topics:
        permission = lambda_.CfnPermission(
            stack,
            f"{topic.node.id}-slack-permission",
            action="lambda:InvokeFunction",
            function_name=function.ref,
            principal="sns.amazonaws.com",
            source_arn=topic.topic_arn,
        )
        subscription = sns.Subscription(
            stack,
            f"{topic.node.id}-slack",
            topic=topic,
            protocol=sns.SubscriptionProtocol.LAMBDA,
            endpoint=function.attr_arn,
        )
        subscription.node.add_dependency(permission)
