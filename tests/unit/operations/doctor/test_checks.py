"""Each check: what passes in a deployment that is as it must be, and what it says of one that is not."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from lakehouse.batches.attempts import FAILED, SUCCEEDED
from lakehouse.contracts.loader import load_contracts
from lakehouse.governance.roles import ROLES
from lakehouse.names import Fetch, Move, Names, Urgency, Zone
from lakehouse.operations.doctor import caller, logs, network, paths, quotas
from lakehouse.operations.doctor.check import Deployment, Outcome, Result, results
from lakehouse.operations.doctor.checks import CHECKS
from lakehouse.operations.doctor.diagnosis import diagnose
from tests.support.aws_answers import answer, error
from tests.support.repository import ROOT

Answers = dict[tuple[str, str], Any]
NAMES = Names(environment="dev", account="210987654321", region="eu-central-1")
ARN = f"arn:aws:iam::{NAMES.account}:"
PERSON = {"Account": NAMES.account, "Arn": f"{ARN}user/jane", "UserId": "AIDA234567890123"}
KEY = {"AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": "secretsecret", "SessionToken": "token" * 8}
NOW = datetime(2026, 11, 30, tzinfo=UTC)

SESSION = boto3.Session("AKIAIOSFODNN7EXAMPLE", "secretsecretsecret", region_name=NAMES.region)
"""One for all tests: a session reads the models of the services, which takes longer than all checks."""
DEVICE = {"UserName": "jane", "SerialNumber": f"{ARN}mfa/jane", "EnableDate": NOW}


@pytest.fixture
def deployment() -> Deployment:
    return Deployment(names=NAMES, contracts=load_contracts(ROOT / "contracts"))


def buckets() -> list[str]:
    return [*map(NAMES.bucket, Zone), NAMES.scripts_bucket, NAMES.results_bucket, NAMES.logs_bucket]


def quota_pages(values: Mapping[str, float]) -> Any:
    return {"Quotas": [{"QuotaName": name, "Value": value} for name, value in values.items()]}


PLENTY = quota_pages(
    {
        "Max concurrent job runs per account": 1000,
        "Max task DPUs per account": 1000,
        "Active DML queries": 200,
        "Concurrent executions": 1000,
        "Concurrently running builds for Linux/Small environment": 1,
    }
)


def role(request: Mapping[str, Any]) -> Any:
    trust = '{"Statement": [{"Principal": {"Service": "dms.amazonaws.com"}}]}'
    return {
        "Role": {
            "RoleName": request["RoleName"],
            "RoleId": "AROAIOSFODNN7EXAMPLE",
            "Path": "/",
            "Arn": f"{ARN}role/{request['RoleName']}",
            "CreateDate": NOW,
            "AssumeRolePolicyDocument": trust,
        }
    }


def policies(request: Mapping[str, Any]) -> Any:
    names = {"dms-vpc-role": "AmazonDMSVPCManagementRole", "dms-cloudwatch-logs-role": "AmazonDMSCloudWatchLogsRole"}
    return {"AttachedPolicies": [{"PolicyName": names[request["RoleName"]]}]}


class Body:
    def read(self) -> bytes:
        return b"text"


def healthy() -> Answers:
    """Answers of an account in which everything is as it must be."""
    groups = [NAMES.job_log_group(move, "output") for move in Move] + [NAMES.moves_log_group]
    topics = [f"arn:aws:sns:{NAMES.region}:{NAMES.account}:{NAMES.alerts_topic(urgency)}" for urgency in Urgency]
    block = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    locations = [
        {"ResourceArn": f"arn:aws:s3:::{NAMES.bucket(zone)}", "RoleArn": f"{ARN}role/{NAMES.locations_role}"}
        for zone in (Zone.RAW, Zone.INTEGRATION, Zone.CURATED)
    ]
    machine = {"stateMachineArn": "arn:aws:states:::m", "name": NAMES.moves, "type": "STANDARD", "creationDate": NOW}
    execution = {"executionArn": "e", "stateMachineArn": "m", "name": "1", "status": "SUCCEEDED", "startDate": NOW}
    endpoint = {"ServiceName": "com.amazonaws.eu-central-1.glue", "State": "available"}
    return {
        ("sts", "GetCallerIdentity"): {
            "Account": NAMES.account,
            "Arn": f"{ARN}user/jane",
            "UserId": "AIDA234567890123",
        },
        ("sts", "AssumeRole"): {"Credentials": KEY | {"Expiration": NOW}},
        ("iam", "ListMFADevices"): {
            "MFADevices": [{"UserName": "jane", "SerialNumber": "123456789", "EnableDate": NOW}]
        },
        ("iam", "GetRole"): role,
        ("iam", "ListAttachedRolePolicies"): policies,
        ("service-quotas", "ListAWSDefaultServiceQuotas"): quota_pages({"Concurrent executions": 3}),
        ("service-quotas", "ListServiceQuotas"): PLENTY,
        ("glue", "GetJob"): lambda request: {
            "Job": {"Name": request["JobName"], "ExecutionProperty": {"MaxConcurrentRuns": 10}, "DefaultArguments": {}}
        },
        ("glue", "GetJobRuns"): {"JobRuns": [{"Id": "jr_1"}]},
        ("glue", "GetDatabase"): {"Database": {"Name": "default"}},
        ("lambda", "ListFunctions"): {"Functions": [{"FunctionName": NAMES.planner}, {"FunctionName": "other"}]},
        ("codebuild", "BatchGetProjects"): {
            "projects": [
                {"environment": {"type": "LINUX_CONTAINER", "computeType": "BUILD_GENERAL1_SMALL", "image": "standard"}}
            ]
        },
        ("ce", "ListCostAllocationTags"): {
            "CostAllocationTags": [
                {"TagKey": name, "Type": "UserDefined", "Status": "Active"} for name in ("project", "environment")
            ]
        },
        ("lakeformation", "GetDataLakeSettings"): {
            "DataLakeSettings": {"DataLakeAdmins": [{"DataLakePrincipalIdentifier": f"{ARN}role/cdk-cfn-exec-role-1"}]}
        },
        ("lakeformation", "ListPermissions"): {"PrincipalResourcePermissions": []},
        ("lakeformation", "ListResources"): {"ResourceInfoList": locations},
        ("s3", "ListBuckets"): {"Buckets": [{"Name": bucket} for bucket in buckets()]},
        ("s3", "GetPublicAccessBlock"): {"PublicAccessBlockConfiguration": block},
        ("s3", "ListObjectsV2"): {"Contents": [{"Key": "contracts/sales/orders.odcs.yaml"}]},
        ("s3", "CreateMultipartUpload"): {"UploadId": "1"},
        ("s3", "GetObject"): {"Body": Body()},
        ("s3", "UploadPart"): {},
        ("s3", "AbortMultipartUpload"): {},
        ("kms", "DescribeKey"): {"KeyMetadata": {"KeyId": "1", "KeyState": "Enabled"}},
        ("kms", "GetKeyRotationStatus"): {"KeyRotationEnabled": True},
        ("logs", "DescribeLogGroups"): lambda request: {
            "logGroups": [{"logGroupName": name} for name in groups if name.startswith(request["logGroupNamePrefix"])]
        },
        ("logs", "DescribeLogStreams"): {"logStreams": [{"logStreamName": "1"}]},
        ("stepfunctions", "ListStateMachines"): {"stateMachines": [machine]},
        ("stepfunctions", "ListExecutions"): {"executions": [execution]},
        ("sns", "ListTopics"): {"Topics": [{"TopicArn": arn} for arn in topics]},
        ("sns", "ListSubscriptionsByTopic"): {"Subscriptions": [{"SubscriptionArn": "arn:aws:sns:::1"}]},
        ("cloudwatch", "DescribeAlarmHistory"): {
            "AlarmHistoryItems": [
                {"AlarmName": f"{NAMES.prefix}-orders-blocked", "HistorySummary": "Successfully executed action arn"}
            ]
        },
        ("sqs", "GetQueueUrl"): lambda request: {"QueueUrl": request["QueueName"]},
        ("sqs", "GetQueueAttributes"): lambda request: {
            "Attributes": {"ApproximateNumberOfMessages": "0" if "dead" in request["QueueUrl"] else "2"}
        },
        ("ec2", "DescribeVpcs"): {"Vpcs": [{"VpcId": "vpc-1"}]},
        ("ec2", "DescribeVpcEndpoints"): {
            "VpcEndpoints": [endpoint | {"VpcEndpointType": "Interface", "PrivateDnsEnabled": True}]
        },
        ("firehose", "DescribeDeliveryStream"): lambda request: {
            "DeliveryStreamDescription": {
                "DeliveryStreamName": request["DeliveryStreamName"],
                "DeliveryStreamARN": "arn:aws:firehose:::1",
                "DeliveryStreamStatus": "ACTIVE",
                "DeliveryStreamType": "DirectPut",
                "VersionId": "1",
                "Destinations": [],
                "HasMoreDestinations": False,
            }
        },
        ("athena", "StartQueryExecution"): {"QueryExecutionId": "1"},
        ("athena", "GetQueryExecution"): {"QueryExecution": {"Status": {"State": "SUCCEEDED"}, "StatementType": "DML"}},
        ("athena", "GetQueryResults"): {
            "ResultSet": {
                "Rows": [{"Data": [{"VarCharValue": "_col0"}]}, {"Data": [{"VarCharValue": "1"}]}],
                "ResultSetMetadata": {"ColumnInfo": [{"Name": "_col0", "Type": "integer"}]},
            }
        },
        ("cloudtrail", "GetTrailStatus"): {"IsLogging": True, "LatestDeliveryTime": NOW},
    }


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, deployment: Deployment) -> None:
    """A caller with keys, endpoints that answer, contracts that are active, batches that reached integration."""
    for name, value in {"REGION": NAMES.region, "DEFAULT_REGION": NAMES.region}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secretsecretsecret")
    monkeypatch.setattr(caller.boto3, "client", SESSION.client)
    monkeypatch.setattr(network, "URLLib3Session", Session)
    monkeypatch.setattr(paths.catalog, "load", lambda: None)
    monkeypatch.setattr(paths.attempts, "read", lambda catalog, names: attempts(deployment))
    monkeypatch.setattr(paths.smoke, "not_active", lambda contracts, names: [])


class Session:
    def __init__(self, **options: Any) -> None:
        pass

    def send(self, request: Any) -> Any:
        if "kms" in request.url and os.environ.get("NO_KMS"):
            raise ConnectionError("no route")
        return type("Answer", (), {"status_code": 403})

    def close(self) -> None:
        pass


class Attempted:
    def __init__(self, dataset: str, state: str = SUCCEEDED) -> None:
        self.dataset, self.state, self.batch_id = dataset, state, f"{dataset}-1"
        self.move, self.error = Move.RAW_TO_INTEGRATION, "it broke" if state == FAILED else None


def attempts(deployment: Deployment) -> list[Any]:
    return [Attempted(contract.dataset) for contract in deployment.contracts]


def diagnosis(deployment: Deployment) -> list[Result]:
    return list(diagnose(deployment, caller=caller.identify(NAMES)))


def test_a_deployment_as_it_must_be_passes_every_check(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, healthy())
    found = diagnosis(deployment)
    wrong = [(r.check.name, r.role, r.finding) for r in found if r.outcome is not Outcome.PASSED]
    assert wrong == []
    silent = {check.name for check in CHECKS} - {result.check.name for result in found}
    assert silent == {"traces", "airflow"}, "these are not deployed here"
    assert {result.role for result in found} == {None, *caller.PURPOSES}


DEFAULT = ("glue", "GetDatabase")
SETTINGS, LOCATIONS = ("lakeformation", "GetDataLakeSettings"), ("lakeformation", "ListResources")
TAGS = ("ce", "ListCostAllocationTags")
QUERY, OBJECT = ("athena", "GetQueryExecution"), ("s3", "GetObject")
OPEN = {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}
FOUND: list[tuple[str, Answers, str, Outcome, str]] = [
    # check, changed answers, subject, outcome, what it says
    ("caller", {("iam", "ListMFADevices"): {"MFADevices": []}}, "caller", Outcome.FAILED, "without a second factor"),
    (
        "caller",
        {("sts", "GetCallerIdentity"): {"Account": NAMES.account, "Arn": f"{ARN}root", "UserId": NAMES.account}},
        "caller",
        Outcome.FAILED,
        "root",
    ),
    (
        "quotas",
        {("service-quotas", "ListServiceQuotas"): quota_pages({"Max task DPUs per account": 5})},
        "glue: Max task DPUs per account",
        Outcome.FAILED,
        "5, the deployment needs",
    ),
    (
        "quotas",
        {("service-quotas", "ListServiceQuotas"): error("AccessDeniedException", "not authorized")},
        "athena: Active DML queries",
        Outcome.NOT_CHECKED,
        "not authorized",
    ),
    (
        "quotas",
        {("service-quotas", "ListServiceQuotas"): quota_pages({})},
        "codebuild: Concurrently running builds for Linux/Small environment",
        Outcome.NOT_CHECKED,
        "lists no quota of that name",
    ),
    ("dms-roles", {("iam", "GetRole"): error("NoSuchEntity")}, "dms-vpc-role", Outcome.FAILED, "does not exist"),
    (
        "dms-roles",
        {("iam", "ListAttachedRolePolicies"): {"AttachedPolicies": []}},
        "dms-cloudwatch-logs-role",
        Outcome.FAILED,
        "AmazonDMSCloudWatchLogsRole",
    ),
    (
        "cost-tags",
        {("ce", "ListCostAllocationTags"): {"CostAllocationTags": []}},
        "tag project",
        Outcome.FAILED,
        "no bill",
    ),
    (
        "traces",
        {
            ("glue", "GetJob"): {"Job": {"DefaultArguments": {"--traces_endpoint": "https://xray"}}},
            ("xray", "GetTraceSegmentDestination"): {"Destination": "XRay", "Status": "ACTIVE"},
        },
        "Transaction Search",
        Outcome.FAILED,
        "XRay",
    ),
    ("lake-settings", {SETTINGS: {"DataLakeSettings": {}}}, "administrators", Outcome.FAILED, "0"),
    (
        "lake-settings",
        {
            SETTINGS: {
                "DataLakeSettings": {"CreateTableDefaultPermissions": [{"Principal": OPEN, "Permissions": ["ALL"]}]}
            }
        },
        "new tables",
        Outcome.FAILED,
        "IAM_ALLOWED_PRINCIPALS",
    ),
    (
        "old-permissions",
        {
            ("lakeformation", "ListPermissions"): {
                "PrincipalResourcePermissions": [
                    {"Principal": OPEN, "Resource": {"Table": {"DatabaseName": NAMES.ops_database, "Name": "batches"}}},
                    {"Principal": OPEN, "Resource": {"Database": {"Name": "somebody_elses"}}},
                ]
            }
        },
        "permissions of IAM_ALLOWED_PRINCIPALS",
        Outcome.FAILED,
        "on lakehouse_dev_ops.batches",
    ),
    (
        "locations",
        {("lakeformation", "ListResources"): {"ResourceInfoList": []}},
        "location of raw",
        Outcome.FAILED,
        "",
    ),
    (
        "locations",
        {
            ("lakeformation", "ListResources"): {
                "ResourceInfoList": [
                    {"ResourceArn": f"arn:aws:s3:::{NAMES.bucket(Zone.RAW)}", "HybridAccessEnabled": True}
                ]
            }
        },
        "location of raw",
        Outcome.FAILED,
        "hybrid",
    ),
    ("buckets", {("s3", "ListBuckets"): {}}, "bucket lakehouse-dev-raw", Outcome.FAILED, "does not exist"),
    (
        "buckets",
        {("s3", "GetPublicAccessBlock"): {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}},
        "bucket lakehouse-dev-stage",
        Outcome.FAILED,
        "RestrictPublicBuckets",
    ),
    (
        "key",
        {("kms", "DescribeKey"): {"KeyMetadata": {"KeyId": "1", "KeyState": "PendingDeletion"}}},
        NAMES.key_alias,
        Outcome.FAILED,
        "PendingDeletion",
    ),
    (
        "log-groups",
        {("logs", "DescribeLogGroups"): {"logGroups": []}},
        NAMES.job_log_group(Move.STAGE_TO_RAW, "output"),
        Outcome.FAILED,
        "does not exist",
    ),
    (
        "log-groups",
        {
            ("logs", "DescribeLogStreams"): {
                "logStreams": [
                    {"logStreamName": "log_stream_created_by_aws_to_validate_log_delivery_subscriptions"},
                ]
            }
        },
        NAMES.moves_log_group,
        Outcome.FAILED,
        "the log is lost",
    ),
    (
        "log-groups",
        {
            ("logs", "DescribeLogStreams"): {"logStreams": []},
            ("glue", "GetJobRuns"): {"JobRuns": []},
        },
        NAMES.job_log_group(Move.STAGE_TO_RAW, "output"),
        Outcome.NOT_CHECKED,
        "has not run",
    ),
    (
        "subscriptions",
        {("sns", "ListSubscriptionsByTopic"): {"Subscriptions": [{"SubscriptionArn": "PendingConfirmation"}]}},
        f"{NAMES.prefix}-alerts-critical",
        Outcome.FAILED,
        "1 of 1 subscribers have not confirmed",
    ),
    (
        "subscriptions",
        {("sns", "ListSubscriptionsByTopic"): {"Subscriptions": []}},
        f"{NAMES.prefix}-alerts-critical",
        Outcome.NOT_CHECKED,
        "nobody is notified",
    ),
    (
        "alarm-actions",
        {
            ("cloudwatch", "DescribeAlarmHistory"): {
                "AlarmHistoryItems": [
                    {"AlarmName": "lakehouse-dev-orders-blocked", "HistorySummary": "Failed to execute action arn"},
                    {"AlarmName": "other", "HistorySummary": "Successfully executed action arn"},
                ]
            }
        },
        "lakehouse-dev-orders-blocked",
        Outcome.FAILED,
        "Failed to execute",
    ),
    (
        "arrivals",
        {("sqs", "GetQueueAttributes"): {"Attributes": {"ApproximateNumberOfMessages": "0"}}},
        NAMES.arrivals,
        Outcome.NOT_CHECKED,
        "has a file arrived",
    ),
    (
        "arrivals",
        {("sqs", "GetQueueAttributes"): {"Attributes": {"ApproximateNumberOfMessages": "3"}}},
        NAMES.arrivals_dead_letters,
        Outcome.FAILED,
        "3 message(s)",
    ),
    (
        "vpc-endpoints",
        {
            ("ec2", "DescribeVpcEndpoints"): {
                "VpcEndpoints": [
                    {
                        "ServiceName": "com.amazonaws.eu-central-1.glue",
                        "State": "available",
                        "VpcEndpointType": "Interface",
                        "PrivateDnsEnabled": False,
                    }
                ]
            }
        },
        "VPC endpoint of glue",
        Outcome.FAILED,
        "private DNS",
    ),
    (
        "airflow",
        {
            ("logs", "DescribeLogGroups"): {"logGroups": [{"logGroupName": NAMES.airflow_log_group("Scheduler")}]},
            ("mwaa", "GetEnvironment"): {
                "Environment": {
                    "Status": "CREATE_FAILED",
                    "LastUpdate": {"Error": {"ErrorCode": "1", "ErrorMessage": "the start-up script failed"}},
                }
            },
        },
        NAMES.airflow,
        Outcome.FAILED,
        "the start-up script failed",
    ),
    (
        "smoke",
        {("glue", "GetJob"): error("EntityNotFoundException", "no job")},
        f"job {NAMES.job(Move.STAGE_TO_RAW)}",
        Outcome.FAILED,
        "`cdk deploy --all` creates the job",
    ),
    ("default", {DEFAULT: error("EntityNotFoundException")}, "database default", Outcome.FAILED, "does not exist"),
    ("default", {DEFAULT: error("AccessDeniedException", "Describe")}, "database default", Outcome.FAILED, "Describe"),
    (
        "queries-analyst",
        {
            ("athena", "GetQueryExecution"): {
                "QueryExecution": {"Status": {"State": "FAILED", "StateChangeReason": "KMS"}}
            }
        },
        "select 1",
        Outcome.FAILED,
        "KMS",
    ),
    ("contracts", {("s3", "ListObjectsV2"): {}}, "published contracts", Outcome.FAILED, "none"),
    (
        "contracts",
        {OBJECT: error("AccessDenied", "kms:Decrypt")},
        "contracts",
        Outcome.FAILED,
        "kms:Decrypt",
    ),
    (
        "delivery-to-stage",
        {("s3", "UploadPart"): error("AccessDenied", "no")},
        "sales/store_sales/",
        Outcome.FAILED,
        "no",
    ),
    (
        "trail",
        {("cloudtrail", "GetTrailStatus"): {"IsLogging": True, "LatestDeliveryError": "AccessDenied"}},
        NAMES.trail,
        Outcome.FAILED,
        "LatestDeliveryError: AccessDenied",
    ),
    ("executions", {}, f"last execution of {NAMES.moves}", Outcome.PASSED, "SUCCEEDED"),
]


@pytest.mark.parametrize(
    ("name", "answers", "subject", "outcome", "detail"), FOUND, ids=[f"{row[0]}: {row[2]}, {row[4]}" for row in FOUND]
)
def test_what_is_not_as_it_must_be_is_found(
    deployment: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    answers: Answers,
    subject: str,
    outcome: Outcome,
    detail: str,
) -> None:
    answer(monkeypatch, healthy() | answers)
    [check] = [item for item in CHECKS if item.name == name]
    found = results(check, deployment, role=check.roles[0] if check.roles else None)
    told = [result for result in found if result.finding.subject in (subject, name)]
    assert {result.outcome for result in told} == {outcome}
    assert detail in told[0].finding.detail


def test_every_check_has_a_case_a_remedy_and_a_source() -> None:
    tested = {row[0] for row in FOUND} | {"endpoints", "moves", "deliveries"}
    assert {check.name for check in CHECKS if not check.name.startswith("queries-")} <= tested
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert check.remedy[0].isupper(), check.name
        assert check.source.startswith("https://docs.aws.amazon.com/"), check.name


def test_an_upload_that_is_checked_is_removed_also_if_it_fails(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = answer(monkeypatch, healthy() | {("s3", "UploadPart"): error("AccessDenied")})
    [check] = [item for item in CHECKS if item.name == "delivery-to-stage"]
    list(results(check, deployment, role="operator"))
    begun = made.count(("s3", "CreateMultipartUpload"))
    assert begun == made.count(("s3", "AbortMultipartUpload")) > 0
    assert ("s3", "CompleteMultipartUpload") not in made
    assert ("s3", "PutObject") not in made


def test_an_endpoint_that_does_not_answer_is_found(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_KMS", "1")
    failed = [finding for finding in network.check_endpoints(deployment) if finding.outcome is Outcome.FAILED]
    assert [(finding.subject, finding.detail) for finding in failed] == [
        ("endpoint of kms", "ConnectionError: no route")
    ]


@pytest.mark.parametrize(
    ("recorded", "outcome", "detail"),
    [
        ([], Outcome.NOT_CHECKED, "no record of"),
        ([Attempted("store_sales")], Outcome.PASSED, "store_sales"),
        ([Attempted("store_sales"), Attempted("store_sales", FAILED)], Outcome.FAILED, "it broke"),
    ],
)
def test_a_path_has_carried_a_record(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, recorded: list[Any], outcome: Outcome, detail: str
) -> None:
    monkeypatch.setattr(paths.attempts, "read", lambda catalog, names: recorded)
    [found] = [item for item in paths.check_moves(deployment) if item.subject == "path of s3 sources"]
    assert (found.outcome, detail in found.detail) == (outcome, True)


def test_quotas_of_the_account_come_before_defaults(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {
        ("service-quotas", "ListAWSDefaultServiceQuotas"): quota_pages({"own": 1000, "default": 5}),
        ("service-quotas", "ListServiceQuotas"): quota_pages({"own": 10}),
    }
    answer(monkeypatch, healthy() | pages)
    assert quotas.quotas_of("lambda") == {"own": 10, "default": 5}


@pytest.mark.parametrize(("ran", "outcome"), [(True, Outcome.FAILED), (False, Outcome.NOT_CHECKED)])
def test_a_stream_of_aws_alone_is_no_log(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, ran: bool, outcome: Outcome
) -> None:
    streams = {"logStreams": [{"logStreamName": logs.VALIDATION_STREAM}]}
    changed: Answers = {("logs", "DescribeLogStreams"): streams}
    if not ran:
        changed[("stepfunctions", "ListExecutions")] = {"executions": []}
    answer(monkeypatch, healthy() | changed)
    [found] = [item for item in logs.check_log_groups(deployment) if item.subject == NAMES.moves_log_group]
    assert found.outcome is outcome


def test_needs_follow_the_contracts_and_the_jobs_limits(deployment: Deployment) -> None:
    apis = sum(contract.source.type == "api" for contract in deployment.contracts)
    count = len(deployment.contracts)
    assert quotas.of_jobs(dict.fromkeys((*Move, *Fetch), 1), deployment.contracts) == (3, 6)
    assert quotas.of_jobs(dict.fromkeys((*Move, *Fetch), 99), deployment.contracts)[0] == 2 * count + apis


def test_a_denied_call_stops_no_other_check(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, healthy())
    person = caller.identify(NAMES)
    before = {(result.check.name, result.role) for result in diagnose(deployment, caller=person)}
    # The log of a job is empty, so that it is asked whether the job has run.
    empty = {("logs", "DescribeLogStreams"): {"logStreams": []}}
    for denied in sorted(healthy()):
        refusal = {denied: error("AccessDeniedException", "is not authorized")}
        answer(monkeypatch, healthy() | (empty if denied == ("glue", "GetJobRuns") else {}) | refusal)
        found = list(diagnose(deployment, caller=person))
        made = {(result.check.name, result.role) for result in found}
        if denied == ("sts", "AssumeRole"):
            assert made == {place for place in before if place[1] is None or place[0] == "roles"}
            assert not [result for result in found if result.outcome is Outcome.FAILED]
        else:
            assert before <= made, denied
            assert [result for result in found if "is not authorized" in result.finding.detail], denied
        assert os.environ["AWS_ACCESS_KEY_ID"] == "AKIAIOSFODNN7EXAMPLE"


def test_the_callers_own_role_is_checked_without_taking_it(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = f"arn:aws:sts::{NAMES.account}:assumed-role/{NAMES.operator_role}/jane"
    identity = {"Account": NAMES.account, "Arn": arn, "UserId": "AROA234567890123:jane"}
    answer(
        monkeypatch,
        healthy() | {("sts", "GetCallerIdentity"): identity, ("sts", "AssumeRole"): error("AccessDenied")},
    )
    found = diagnosis(deployment)
    assert {result.role for result in found if result.check.name != "roles"} == {None, "operator"}
    assert {"moves", "delivery-to-stage"} <= {result.check.name for result in found}
    assert caller.identify(NAMES).secrets >= {"jane", "AROA234567890123", NAMES.account, "secretsecretsecret"}


@pytest.mark.parametrize("role", [*ROLES, "tables", "erasure"])
def test_a_role_is_taken_with_the_callers_second_factor(monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    used: list[str | None] = []

    def assume(request: Mapping[str, Any]) -> Any:
        used.append(os.environ.get("AWS_SESSION_TOKEN"))
        return {"Credentials": KEY | {"Expiration": NOW}}

    factor = KEY | {"SessionToken": "with a second factor", "Expiration": NOW}
    answers = {("sts", "GetSessionToken"): {"Credentials": factor}, ("sts", "AssumeRole"): assume}
    answer(monkeypatch, healthy() | answers)
    person = caller.identify(NAMES)
    credentials = caller.with_second_factor(person, serial=f"{ARN}mfa/jane", code="123456")
    with caller.using(credentials):
        taken = caller.take(role, names=NAMES, caller=person)
    assert (used, taken is not None) == (["with a second factor"], True)
    assert "AWS_SESSION_TOKEN" not in os.environ
    assert {"123456", "with a second factor", KEY["SecretAccessKey"]} <= person.secrets
