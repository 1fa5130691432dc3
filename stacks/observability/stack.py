"""Observability: topics, the alarms and the dashboard of the platform, notifications, and the budget."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import Fn
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from lakehouse.contracts.model import Contract
from lakehouse.names import Names, Urgency
from stacks.iam.services import alarms_publish
from stacks.observability.budget import add_budget
from stacks.observability.failure_rules import add_job_rule, add_moves_rule, add_replication_rule
from stacks.observability.platform_alarms import platform_alarms
from stacks.observability.slack import add_slack
from stacks.observability.source_alarms import replication_alarms, stream_alarms
from stacks.observability.source_watch import add_source_watch
from stacks.settings import Settings
from stacks.shared.alarms import add_alarm
from stacks.shared.dashboard import add_dashboard, alarm_graph
from stacks.shared.job_code import upload_wheel
from stacks.stack import LakehouseStack


class Observability(LakehouseStack):
    """A topic for each urgency, alarms on what datasets share, their dashboard, and the monthly budget.

    Args:
        contracts: the datasets.
        replications: ARN of the DMS replication config or task of each source database, by the source's name.
        root: the repository, with the code of the functions.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        names: Names,
        settings: Settings,
        key: kms.IKey,
        contracts: Sequence[Contract],
        replications: Mapping[str, str],
        root: Path,
    ) -> None:
        super().__init__(scope, "observability", names=names, description="Alarms of the platform, and the budget")
        # An imported key, because the policy of the key in the storage stack already allows the publishers to use it.
        imported = kms.Key.from_key_arn(self, "Key", key.key_arn)
        topics = {urgency: self._topic(urgency, settings=settings, key=imported) for urgency in Urgency}
        if settings.alerts.slack or replications:
            wheel = upload_wheel(self, root)
        if replications:
            add_source_watch(self, settings=settings, key=imported, wheel=wheel)
        if settings.alerts.slack:
            add_slack(self, topics=topics.values(), settings=settings, key=imported, wheel=wheel)
        definitions = list(stream_alarms(contracts, names=names, settings=settings))
        for source, arn in replications.items():
            dimensions = self._replication_dimensions(arn, settings=settings)
            definitions += replication_alarms(source, dimensions, names=names, settings=settings)
        definitions += platform_alarms(names=names, settings=settings)
        for alarm in definitions:
            add_alarm(self, alarm, topics={urgency: topic.topic_arn for urgency, topic in topics.items()})
        graphs = [alarm_graph(self, alarm) for alarm in definitions]
        add_dashboard(self, "Platform", name=names.dashboard(), alarms=definitions, graphs=graphs)
        add_job_rule(self, topic=topics[Urgency.CRITICAL])
        if settings.orchestration.engine == "step-functions":
            add_moves_rule(self, topic=topics[Urgency.CRITICAL])
        if replications:
            add_replication_rule(self, replications=replications.values(), topic=topics[Urgency.CRITICAL])
        add_budget(self, settings=settings, topic=topics[Urgency.WARNING])

    def _replication_dimensions(self, arn: str, *, settings: Settings) -> dict[str, str]:
        """Return the dimensions of a replication in the metrics of DMS, from the last part of its ARN."""
        resource = Fn.select(6, Fn.split(":", arn))
        if settings.replication.instance_class is None:
            return {"ReplicationConfigId": f"{self.account}:{resource}"}
        return {
            "ReplicationInstanceIdentifier": self.names.replication_instance,
            "ReplicationTaskIdentifier": resource,
        }

    def _topic(self, urgency: Urgency, *, settings: Settings, key: kms.IKey) -> sns.Topic:
        topic = sns.Topic(
            self,
            urgency.title(),
            topic_name=self.names.alerts_topic(urgency),
            display_name=f"{self.names.prefix} {urgency}",
            master_key=key,
            enforce_ssl=True,
        )
        topic.add_to_resource_policy(alarms_publish(self, topic))
        for address in settings.alerts.emails:
            topic.add_subscription(subscriptions.EmailSubscription(address))
        return topic
