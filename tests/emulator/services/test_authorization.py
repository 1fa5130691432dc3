"""The emulator denies as AWS does: code and message of each protocol, keys of encrypted data, roles that are passed.

Each caller here is a role with exactly the permissions that a test names.
"""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.runtime import server_lifecycle

ACCOUNT, REGION = server_lifecycle.ACCOUNT, server_lifecycle.REGION
NUMBERS = itertools.count(1)

Client = Callable[[str], Any]
Caller = Callable[..., Client]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server_lifecycle.Server]:
    root = tmp_path_factory.mktemp("authorization")
    yield server_lifecycle.up(root, variables={"LAKEHOUSE_LOCAL_AUTHORIZATION": "on"})
    server_lifecycle.down(root)


@pytest.fixture(scope="module")
def root(server: server_lifecycle.Server) -> Client:
    return lambda service: client(server, service, (ACCOUNT, "local", None))


def client(server: server_lifecycle.Server, service: str, keys: tuple[str, str, str | None]) -> Any:
    access_key, secret, token = keys
    return boto3.client(  # type: ignore[call-overload]
        service,
        region_name=REGION,
        endpoint_url=server.endpoint,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: str | list[str], resources: str | list[str] = "*", **members: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **members}


TRUST = document({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"})


def keys_of(root: Client, *statements: dict[str, Any], **options: Any) -> tuple[str, str, str | None]:
    name = f"r{next(NUMBERS)}"
    iam = root("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
    found = root("sts").assume_role(RoleArn=role, RoleSessionName="me", **options)["Credentials"]
    return found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]


@pytest.fixture
def caller(server: server_lifecycle.Server, root: Client) -> Caller:
    """Makes a role with these statements, and returns its clients."""

    def make(*statements: dict[str, Any], **options: Any) -> Client:
        keys = keys_of(root, *statements, **options)
        return lambda service: client(server, service, keys)

    return make


def refused(call: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    detail = error.value.response["Error"]
    return str(detail["Code"]), str(detail.get("Message", detail.get("message", "")))


@pytest.fixture(scope="module")
def bucket(root: Client) -> str:
    root("s3").create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION})
    root("s3").put_object(Bucket="data", Key="raw/a", Body=b"a")
    return "data"


CALLS = [
    ("s3", "put_object", {"Bucket": "data", "Key": "k"}, "AccessDenied", "s3:PutObject", '"arn:aws:s3:::data/k"'),
    ("s3", "list_objects_v2", {"Bucket": "data"}, "AccessDenied", "s3:ListBucket", '"arn:aws:s3:::data"'),
    ("sqs", "create_queue", {"QueueName": "q"}, "AccessDenied", "sqs:CreateQueue", "arn:aws:sqs:R:A:q"),
    ("sns", "create_topic", {"Name": "t"}, "AuthorizationError", "sns:CreateTopic", "arn:aws:sns:R:A:t"),
    ("iam", "get_role", {"RoleName": "x"}, "AccessDenied", "iam:GetRole", "arn:aws:iam::A:role/x"),
    (
        *("glue", "get_table", {"DatabaseName": "d", "Name": "t"}),
        *("AccessDeniedException", "glue:GetTable", "arn:aws:glue:R:A:catalog"),
    ),
    ("glue", "get_database", {"Name": "d"}, "AccessDeniedException", "glue:GetDatabase", "arn:aws:glue:R:A:catalog"),
    (
        *("glue", "start_job_run", {"JobName": "j"}),
        *("AccessDeniedException", "glue:StartJobRun", "arn:aws:glue:R:A:job/j"),
    ),
    (
        *("athena", "get_query_execution", {"QueryExecutionId": "q"}),
        *("AccessDeniedException", "athena:GetQueryExecution", "arn:aws:athena:R:A:workgroup/primary"),
    ),
    (
        *("secretsmanager", "get_secret_value", {"SecretId": "s"}),
        *("AccessDeniedException", "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:R:A:secret:s"),
    ),
    (
        *(
            "logs",
            "put_log_events",
            {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": "m"}]},
        ),
        *("AccessDeniedException", "logs:PutLogEvents", "arn:aws:logs:R:A:log-group:g:log-stream:s"),
    ),
    (
        *("lambda", "invoke", {"FunctionName": "f"}),
        *("AccessDeniedException", "lambda:InvokeFunction", "arn:aws:lambda:R:A:function:f"),
    ),
    (
        *("dms", "start_replication", {"ReplicationConfigArn": "arn:x", "StartReplicationType": "x"}),
        *("AccessDeniedException", "dms:StartReplication", "arn:x"),
    ),
]


@pytest.mark.parametrize(("service", "operation", "arguments", "code", "action", "resource"), CALLS)
@pytest.mark.usefixtures("bucket")
def test_a_denial_has_the_code_and_the_message_of_aws(
    caller: Caller, service: str, operation: str, arguments: Any, code: str, action: str, resource: str
) -> None:
    found = refused(getattr(caller()(service), operation), **arguments)
    target = resource.replace(":R:", f":{REGION}:").replace(":A:", f":{ACCOUNT}:")
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/r{next(NUMBERS) - 1}/me"
    reason = f"because no identity-based policy allows the {action} action"
    assert found == (code, f"User: {session} is not authorized to perform: {action} on resource: {target} {reason}")


def test_lake_formation_is_decided_too(caller: Caller) -> None:
    code, message = refused(caller()("lakeformation").list_permissions)
    assert code == "AccessDeniedException"
    assert "is not authorized to perform: lakeformation:ListPermissions because" in message
    assert caller(allow("lakeformation:ListPermissions"))("lakeformation").list_permissions()


def test_a_granted_request_passes_and_its_neighbours_do_not(caller: Caller, bucket: str) -> None:
    s3 = caller(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/raw/*"))("s3")
    assert s3.get_object(Bucket=bucket, Key="raw/a")["Body"].read() == b"a"
    assert refused(s3.get_object, Bucket=bucket, Key="curated/a")[0] == "AccessDenied"
    assert refused(s3.delete_object, Bucket=bucket, Key="raw/a")[0] == "AccessDenied"


def test_a_request_needs_its_action_on_all_of_its_resources(caller: Caller) -> None:
    glue = f"arn:aws:glue:{REGION}:{ACCOUNT}"
    known = caller(allow("glue:GetTable", [f"{glue}:catalog", f"{glue}:database/d", f"{glue}:table/d/t"]))("glue")
    assert refused(known.get_table, DatabaseName="d", Name="t")[0] == "EntityNotFoundException"
    code, message = refused(known.get_table, DatabaseName="d", Name="u")
    assert code == "AccessDeniedException"
    assert f"on resource: {glue}:table/d/u " in message


def test_a_batch_of_deletions_is_decided_key_by_key(caller: Caller, bucket: str) -> None:
    s3 = caller(allow("s3:DeleteObject", f"arn:aws:s3:::{bucket}/raw/*"))("s3")
    keys = {"Objects": [{"Key": "raw/none"}, {"Key": "curated/none"}]}
    code, message = refused(s3.delete_objects, Bucket=bucket, Delete=keys)
    assert code == "AccessDenied"
    assert "curated/none" in message
    s3.delete_objects(Bucket=bucket, Delete={"Objects": keys["Objects"][:1]})


def test_a_changed_policy_has_its_effect_at_once(root: Client, caller: Caller, bucket: str) -> None:
    s3 = caller(allow("s3:ListBucket", f"arn:aws:s3:::{bucket}"))("s3")
    name = f"r{next(NUMBERS) - 1}"
    s3.list_objects_v2(Bucket=bucket)
    root("iam").put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(allow("s3:GetObject")))
    assert refused(s3.list_objects_v2, Bucket=bucket)[0] == "AccessDenied"


def test_a_session_policy_limits_the_role(caller: Caller, bucket: str) -> None:
    s3 = caller(allow("s3:*"), Policy=document(allow("s3:GetObject")))("s3")
    s3.get_object(Bucket=bucket, Key="raw/a")
    reason = "because no session policy allows the s3:ListBucket action"
    assert refused(s3.list_objects_v2, Bucket=bucket)[1].endswith(reason)


def test_a_bucket_policy_denies_and_its_tls_condition_does_not(root: Client, caller: Caller) -> None:
    root("s3").create_bucket(Bucket="guarded", CreateBucketConfiguration={"LocationConstraint": REGION})
    everything = {"Effect": "Deny", "Principal": "*", "Resource": ["arn:aws:s3:::guarded", "arn:aws:s3:::guarded/*"]}
    rules = document(
        {**everything, "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {**everything, "Action": "s3:*", "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
        {**everything, "Action": "s3:DeleteObject"},
    )
    root("s3").put_bucket_policy(Bucket="guarded", Policy=rules)
    s3 = caller(allow("s3:*"))("s3")
    s3.put_object(Bucket="guarded", Key="k", Body=b"")
    reason = "with an explicit deny in a resource-based policy"
    assert refused(s3.delete_object, Bucket="guarded", Key="k")[1].endswith(reason)


def test_encrypted_objects_need_the_key_through_s3(root: Client, caller: Caller) -> None:
    key = root("kms").create_key()["KeyMetadata"]["Arn"]
    root("s3").create_bucket(Bucket="sealed", CreateBucketConfiguration={"LocationConstraint": REGION})
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": by_default}]}
    root("s3").put_bucket_encryption(Bucket="sealed", ServerSideEncryptionConfiguration=rules)
    root("s3").put_object(Bucket="sealed", Key="k", Body=b"k")
    without = caller(allow("s3:*"))("s3")
    for call, action in (
        (lambda: without.put_object(Bucket="sealed", Key="n"), "kms:GenerateDataKey"),
        (lambda: without.get_object(Bucket="sealed", Key="k"), "kms:Decrypt"),
    ):
        code, message = refused(call)
        assert code == "AccessDenied"
        assert f"is not authorized to perform: {action} on resource: {key} because" in message
    via = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}
    uses = allow(["kms:Decrypt", "kms:GenerateDataKey"], key, Condition=via)
    assert caller(allow("s3:*"), uses)("s3").get_object(Bucket="sealed", Key="k")["Body"].read() == b"k"
    other = {"StringEquals": {"kms:ViaService": f"sqs.{REGION}.amazonaws.com"}}
    wrong = caller(allow("s3:*"), allow("kms:*", key, Condition=other))("s3")
    assert refused(wrong.get_object, Bucket="sealed", Key="k")[0] == "AccessDenied"


def test_an_encrypted_topic_and_queue_need_the_key(root: Client, caller: Caller) -> None:
    key = root("kms").create_key()["KeyMetadata"]["KeyId"]
    topic = root("sns").create_topic(Name="sealed", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    queue = root("sqs").create_queue(QueueName="sealed", Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    sns, sqs = (caller(allow("sns:*"))("sns"), caller(allow("sqs:*"))("sqs"))
    assert "kms:GenerateDataKey" in refused(sns.publish, TopicArn=topic, Message="m")[1]
    assert "kms:GenerateDataKey" in refused(sqs.send_message, QueueUrl=queue, MessageBody="m")[1]
    assert "kms:Decrypt" in refused(sqs.receive_message, QueueUrl=queue)[1]
    caller(allow(["sns:Publish", "kms:GenerateDataKey", "kms:Decrypt"]))("sns").publish(TopicArn=topic, Message="m")


def test_a_key_policy_must_allow_too(root: Client, caller: Caller) -> None:
    nobody = document(
        {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "kms:*", "Resource": "*"}
    )
    key = root("kms").create_key(Policy=nobody)["KeyMetadata"]["Arn"]
    code, message = refused(caller(allow("kms:*"))("kms").encrypt, KeyId=key, Plaintext=b"x")
    assert code == "AccessDeniedException"
    assert message.endswith("because no resource-based policy allows the kms:Encrypt action")


def test_a_role_is_passed_only_to_its_service(root: Client, caller: Caller) -> None:
    role = root("iam").create_role(RoleName="passed", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    job = {"Name": "j", "Role": role, "Command": {"Name": "glueetl", "ScriptLocation": "s3://data/j.py"}}
    without = caller(allow("glue:CreateJob"))("glue")
    assert "iam:PassRole on resource: " + role in refused(without.create_job, **job)[1]
    for service, passes in (("lambda.amazonaws.com", False), ("glue.amazonaws.com", True)):
        condition = {"StringEquals": {"iam:PassedToService": service}}
        glue = caller(allow("glue:CreateJob"), allow("iam:PassRole", role, Condition=condition))("glue")
        if passes:
            glue.create_job(**job)
        else:
            assert refused(glue.create_job, **job)[0] == "AccessDeniedException"


def test_a_trust_policy_says_who_assumes_a_role(root: Client, caller: Caller) -> None:
    closed = document({"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"})
    role = root("iam").create_role(RoleName="closed", AssumeRolePolicyDocument=closed)["Role"]["Arn"]
    code, message = refused(caller(allow("sts:AssumeRole"))("sts").assume_role, RoleArn=role, RoleSessionName="me")
    assert code == "AccessDenied"
    assert message.endswith("because no role trust policy allows the sts:AssumeRole action")
    assert refused(caller()("sts").assume_role, RoleArn=role + "x", RoleSessionName="me")[0] == "AccessDenied"


def test_a_second_factor_is_needed_where_the_trust_policy_says_so(root: Client, caller: Caller) -> None:
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    trust = json.loads(TRUST)
    trust["Statement"][0]["Condition"] = condition
    role = root("iam").create_role(RoleName="careful", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    sts = caller(allow("sts:AssumeRole"))("sts")
    assert refused(sts.assume_role, RoleArn=role, RoleSessionName="me")[0] == "AccessDenied"
    device = f"arn:aws:iam::{ACCOUNT}:mfa/me"
    sts.assume_role(RoleArn=role, RoleSessionName="me", SerialNumber=device, TokenCode="123456")


def test_a_session_has_the_second_factor_that_it_was_asked_for_with(
    server: server_lifecycle.Server, root: Client
) -> None:
    trust = json.loads(TRUST)
    trust["Statement"][0]["Condition"] = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    iam, name = root("iam"), f"u{next(NUMBERS)}"
    role = iam.create_role(RoleName=f"r{next(NUMBERS)}", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(allow("sts:AssumeRole")))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    person = client(server, "sts", (key["AccessKeyId"], key["SecretAccessKey"], None))
    device = {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/me", "TokenCode": "123456"}

    def session(**options: str) -> Any:
        found = person.get_session_token(**options)["Credentials"]
        return client(server, "sts", (found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]))

    assert refused(session().assume_role, RoleArn=role, RoleSessionName="me")[0] == "AccessDenied"
    session(**device).assume_role(RoleArn=role, RoleSessionName="me")


def test_credentials_that_nobody_has(server: server_lifecycle.Server, root: Client) -> None:
    access_key, secret, token = keys_of(root, allow("*"))
    unknown = ("AKIAIOSFODNN7EXAMPLE", "x", None)
    without_token = (access_key, secret, None)
    wrong_secret = (access_key, "x", token)
    expected = [
        (unknown, "sqs", "InvalidClientTokenId"),
        (unknown, "glue", "UnrecognizedClientException"),
        (unknown, "iam", "InvalidClientTokenId"),
        (unknown, "s3", "InvalidAccessKeyId"),
        (without_token, "glue", "UnrecognizedClientException"),
        (wrong_secret, "glue", "InvalidSignatureException"),
        (wrong_secret, "s3", "SignatureDoesNotMatch"),
        (wrong_secret, "iam", "SignatureDoesNotMatch"),
    ]
    calls = {"sqs": "list_queues", "glue": "get_databases", "iam": "list_roles", "s3": "list_buckets"}
    for keys, service, code in expected:
        assert refused(getattr(client(server, service, keys), calls[service]))[0] == code, (keys, service)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{", "Syntax errors in policy."),
        (document({"Effect": "Allow", "Action": "s3:GetObject"}), "Policy statement must contain resources."),
        (document(allow("GetObject")), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
    ],
)
def test_a_malformed_policy_is_refused(root: Client, policy: str, message: str) -> None:
    iam = root("iam")
    name = f"r{next(NUMBERS)}"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    put = refused(iam.put_role_policy, RoleName=name, PolicyName="p", PolicyDocument=policy)
    assert put == ("MalformedPolicyDocument", message)


def test_a_malformed_policy_fails_its_stack(root: Client) -> None:
    inline = {"PolicyName": "p", "PolicyDocument": json.loads(document({"Effect": "Allow", "Action": "s3:*"}))}
    properties = {"AssumeRolePolicyDocument": json.loads(TRUST), "Policies": [inline]}
    template = {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}}}
    cloudformation = root("cloudformation")
    options: Any = {"Capabilities": ["CAPABILITY_IAM"], "OnFailure": "DO_NOTHING"}
    cloudformation.create_stack(StackName="broken", TemplateBody=json.dumps(template), **options)
    events = cloudformation.describe_stack_events(StackName="broken")["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events if event["LogicalResourceId"] == "Role"]
    assert any("Policy statement must contain resources." in r and "MalformedPolicyDocument" in r for r in reasons)


def test_a_rule_delivers_only_where_the_target_lets_it(root: Client) -> None:
    events, sqs = root("events"), root("sqs")
    rule = events.put_rule(Name="deliver", EventPattern=json.dumps({"source": ["shop"]}))["RuleArn"]
    service = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    urls = {}
    for name, source in (("open", rule), ("closed", f"{rule}-other")):
        urls[name] = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        policy = document({**service, "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": source}}})
        sqs.set_queue_attributes(QueueUrl=urls[name], Attributes={"Policy": policy})
        events.put_targets(Rule="deliver", Targets=[{"Id": name, "Arn": arn}])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "sold", "Detail": "{}"}])
    received = {name: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2) for name, url in urls.items()}
    assert {name for name, answer in received.items() if answer.get("Messages")} == {"open"}


@pytest.mark.parametrize("target", ["sqs", "sns"])
def test_a_rule_uses_the_key_of_its_target_without_naming_its_account(root: Client, target: str) -> None:
    events, sqs, sns, kms = root("events"), root("sqs"), root("sns"), root("kms")
    source = f"shop.{target}"
    events.put_rule(Name=source, EventPattern=json.dumps({"source": [source]}))
    urls = {}
    for name, condition in (("open", {}), ("limited", {"StringEquals": {"aws:SourceAccount": ACCOUNT}})):
        service = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}}
        uses = {**service, "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*"}
        whole = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}
        policy = document({**whole, "Resource": "*"}, {**uses, **({"Condition": condition} if condition else {})})
        key = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
        queue = f"{target}-{name}"
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"
        urls[name] = sqs.create_queue(QueueName=queue)["QueueUrl"]
        if target == "sqs":
            delivers = document({**service, "Action": "sqs:SendMessage", "Resource": arn})
            sqs.set_queue_attributes(QueueUrl=urls[name], Attributes={"Policy": delivers, "KmsMasterKeyId": key})
        else:
            topic = sns.create_topic(Name=queue, Attributes={"KmsMasterKeyId": key})["TopicArn"]
            publishes = document({**service, "Action": "sns:Publish", "Resource": topic})
            sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=publishes)
            sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
            arn = topic
        events.put_targets(Rule=source, Targets=[{"Id": name, "Arn": arn}])
    events.put_events(Entries=[{"Source": source, "DetailType": "sold", "Detail": "{}"}])
    received = {name: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2) for name, url in urls.items()}
    assert {name for name, answer in received.items() if answer.get("Messages")} == {"open"}


def test_a_session_stays_valid_when_the_server_restarts(tmp_path: Path) -> None:
    options: Any = {"variables": {"LAKEHOUSE_LOCAL_AUTHORIZATION": "on"}}
    before = server_lifecycle.up(tmp_path, **options)
    keys = keys_of(lambda service: client(before, service, (ACCOUNT, "local", None)), allow("iam:ListRoles"))
    server_lifecycle.down(tmp_path)
    after = server_lifecycle.up(tmp_path, **options)
    try:
        assert client(after, "iam", keys).list_roles()["Roles"]
        assert (after.access_key, after.authorization) == (before.access_key, "on")
    finally:
        server_lifecycle.down(tmp_path)


@pytest.mark.parametrize(
    ("call", "arguments", "action"),
    [
        ("batch_get_builds", {"ids": ["mine:1", "theirs:1"]}, "BatchGetBuilds"),
        ("batch_get_projects", {"names": ["theirs"]}, "BatchGetProjects"),
        ("stop_build", {"id": "theirs:1"}, "StopBuild"),
        ("start_build", {"projectName": "theirs"}, "StartBuild"),
    ],
)
def test_a_build_is_of_its_project(caller: Caller, call: str, arguments: dict[str, Any], action: str) -> None:
    project = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project"
    client = caller(allow("codebuild:*", f"{project}/mine"))("codebuild")
    _, message = refused(getattr(client, call), **arguments)
    assert f"is not authorized to perform: codebuild:{action} on resource: {project}/theirs because" in message
    if "ids" in arguments:
        client.batch_get_builds(ids=["mine:1"])


SERVICES = document({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"})


def silent_role(root: Client) -> str:
    """ARN of a role that may do everything but write logs."""
    iam = root("iam")
    arn = iam.create_role(RoleName=f"silent-{next(NUMBERS)}", AssumeRolePolicyDocument=SERVICES)["Role"]["Arn"]
    deny = {"Effect": "Deny", "Action": "logs:*", "Resource": "*"}
    iam.put_role_policy(RoleName=arn.rpartition("/")[2], PolicyName="own", PolicyDocument=document(allow("*"), deny))
    return str(arn)


def test_a_job_that_may_not_log_runs_without_a_log(root: Client, bucket: str) -> None:
    glue = root("glue")
    root("s3").put_object(Bucket=bucket, Key="says.py", Body=b"print('something')")
    glue.create_job(
        Name="silent", Role=silent_role(root), Command={"Name": "glueetl", "ScriptLocation": f"s3://{bucket}/says.py"}
    )
    run = glue.start_job_run(JobName="silent")["JobRunId"]
    while (found := glue.get_job_run(JobName="silent", RunId=run)["JobRun"])["JobRunState"] in ("STARTING", "RUNNING"):
        time.sleep(0.05)
    assert found["JobRunState"] == "SUCCEEDED", found


def test_a_build_that_may_not_log_fails(root: Client) -> None:
    codebuild = root("codebuild")
    codebuild.create_project(
        name="silent",
        source={"type": "NO_SOURCE", "buildspec": json.dumps({"phases": {"build": {"commands": ["echo something"]}}})},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "ARM_CONTAINER", "image": "any", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole=silent_role(root),
    )
    build = codebuild.start_build(projectName="silent")["build"]["id"]
    while (found := codebuild.batch_get_builds(ids=[build])["builds"][0])["buildStatus"] == "IN_PROGRESS":
        time.sleep(0.05)
    assert found["buildStatus"] in ("FAILED", "FAULT")


def test_a_service_assumes_only_a_role_that_trusts_it(root: Client, bucket: str) -> None:
    glue = root("glue")
    root("s3").put_object(Bucket=bucket, Key="nothing.py", Body=b"")
    command = {"Name": "glueetl", "ScriptLocation": f"s3://{bucket}/nothing.py"}
    ends = {}
    for service in ("glue", "lambda"):
        name = f"trusts-{service}"
        condition = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
        principal = {"Service": f"{service}.amazonaws.com"}
        trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition}
        role = root("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        root("iam").put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(allow(["s3:*", "logs:*"])))
        glue.create_job(Name=name, Role=role, Command=command)
        run = glue.start_job_run(JobName=name)["JobRunId"]
        while (found := glue.get_job_run(JobName=name, RunId=run)["JobRun"])["JobRunState"] in ("STARTING", "RUNNING"):
            time.sleep(0.1)
        ends[service] = (found["JobRunState"], found.get("ErrorMessage", ""))
    assert ends["glue"] == ("SUCCEEDED", "")
    assert ends["lambda"][0] == "FAILED"
    assert "User: glue.amazonaws.com is not authorized to perform: sts:AssumeRole" in ends["lambda"][1]
