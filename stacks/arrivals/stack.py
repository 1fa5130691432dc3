"""Arrivals: a queue with one message for each object that arrives in stage."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lakehouse.names import Names, Zone
from stacks.settings import Settings
from stacks.stack import LakehouseStack

MAX_RECEIVES = 5
"""A message that was received this often without being deleted moves to the dead letters."""


class Arrivals(LakehouseStack):
    """An EventBridge rule for new objects in stage, its SQS queue, and a queue of dead letters.

    Attributes:
        queue: `Object Created` events; a consumer deletes an event after the run of the object's dataset.
        dead_letters: events that could not be delivered or processed, for two weeks.
    """

    def __init__(self, scope: Construct, *, names: Names, settings: Settings, key: kms.IKey) -> None:
        super().__init__(scope, "arrivals", names=names, description="Objects that arrive in stage, as messages")
        common: dict[str, Any] = {
            # An imported key, because the policy of the key in the storage stack already allows EventBridge to use it.
            "encryption_master_key": kms.Key.from_key_arn(self, "Key", key.key_arn),
            "encryption": sqs.QueueEncryption.KMS,
            "enforce_ssl": True,
            "retention_period": Duration.days(14),
            "removal_policy": settings.removal_policy,
        }
        self.dead_letters = sqs.Queue(self, "DeadLetters", queue_name=names.arrivals_dead_letters, **common)
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=names.arrivals,
            visibility_timeout=Duration.minutes(15),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=MAX_RECEIVES),
            **common,
        )
        rule = events.Rule(
            self,
            "Rule",
            rule_name=names.arrivals,
            description="Objects that a source put into stage",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [names.bucket(Zone.STAGE)]},
                    "object": {"key": [{"anything-but": {"prefix": names.undelivered_prefix}}]},
                },
            ),
        )
        rule.add_target(targets.SqsQueue(self.queue, dead_letter_queue=self.dead_letters))
