"""What arrives in stage becomes a message: the bucket tells EventBridge, a rule picks, a queue keeps."""

from lakehouse.names import Names, Zone
from tests.support.templates.assembly import Assembly, text


def test_stage_alone_tells_eventbridge(assembly: Assembly, names: Names) -> None:
    told = {
        name: bucket["NotificationConfiguration"]
        for name, bucket in assembly.named("AWS::S3::Bucket", "BucketName").items()
        if "NotificationConfiguration" in bucket
    }
    assert told == {names.bucket(Zone.STAGE): {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}}


def test_the_rule_picks_new_objects_of_stage_that_a_dataset_may_have(assembly: Assembly, names: Names) -> None:
    rule = assembly.named("AWS::Events::Rule", "Name")[names.arrivals]
    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [names.bucket(Zone.STAGE)]},
            "object": {"key": [{"anything-but": {"prefix": "_undelivered/"}}]},
        },
    }
    [target] = rule["Targets"]
    queues = {item.logical_id: item.properties["QueueName"] for item in assembly.resources("AWS::SQS::Queue")}
    assert queues[text(target["Arn"]).strip("<>")] == names.arrivals
    assert queues[text(target["DeadLetterConfig"]["Arn"]).strip("<>")] == names.arrivals_dead_letters


def test_queues_are_encrypted_and_what_cannot_be_taken_is_kept(assembly: Assembly, names: Names) -> None:
    queues = assembly.named("AWS::SQS::Queue", "QueueName")
    for name in (names.arrivals, names.arrivals_dead_letters):
        assert "KmsMasterKeyId" in queues[name]
        assert queues[name]["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert queues[names.arrivals]["RedrivePolicy"]["maxReceiveCount"] == 5


def test_eventbridge_may_use_the_key_without_a_condition_that_it_does_not_meet(assembly: Assembly) -> None:
    [key] = assembly.resources("AWS::KMS::Key")
    events = {"Service": "events.amazonaws.com"}
    [statement] = [item for item in key.properties["KeyPolicy"]["Statement"] if item["Principal"] == events]
    assert sorted(statement["Action"]) == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert "Condition" not in statement
