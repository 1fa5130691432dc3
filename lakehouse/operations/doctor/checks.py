"""All checks: those of the caller, then those of the roles, each with what to do and the documentation of AWS."""

from functools import partial

from lakehouse.governance.roles import OPERATOR, ROLES
from lakehouse.operations.doctor import account, alerts, lake, logs, network, paths, quotas, storage
from lakehouse.operations.doctor.caller import who_calls
from lakehouse.operations.doctor.check import Check

DOCS = "https://docs.aws.amazon.com"
TABLES, AUDITOR = "tables", "auditor"

ROLE = Check(
    name="roles",
    run=lambda _: (),
    remedy="Sign in with a second factor (`--mfa-serial`), or by SAML as the role, and run `lakehouse doctor` again",
    source=f"{DOCS}/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html",
)

CHECKS = (
    Check(
        name="caller",
        run=who_calls,
        remedy="Use a person's user with a second factor, or a role that a person takes; lock away the root user",
        source=f"{DOCS}/IAM/latest/UserGuide/best-practices.html",
    ),
    Check(
        name="endpoints",
        run=network.check_endpoints,
        remedy="Let this machine reach the endpoint: proxy (HTTPS_PROXY), firewall, DNS, and the region's name",
        source=f"{DOCS}/general/latest/gr/rande.html",
    ),
    Check(
        name="quotas",
        run=quotas.check_quotas,
        remedy="Request an increase in the console of Service Quotas; it can take days",
        source=f"{DOCS}/servicequotas/latest/userguide/request-quota-increase.html",
    ),
    Check(
        name="dms-roles",
        run=account.check_dms_roles,
        remedy='Follow docs/deploy.md, "Before: once for each account"',
        source=f"{DOCS}/dms/latest/userguide/security-iam.html",
    ),
    Check(
        name="cost-tags",
        run=account.check_cost_tags,
        remedy="Activate the tags in the account that pays (docs/deploy.md), a day after the first deployment",
        source=f"{DOCS}/awsaccountbilling/latest/aboutv2/activating-tags.html",
    ),
    Check(
        name="traces",
        run=account.check_traces,
        remedy="Turn on Transaction Search, once for each region (docs/deploy.md)",
        source=f"{DOCS}/AmazonCloudWatch/latest/monitoring/Enable-TransactionSearch.html",
    ),
    Check(
        name="lake-settings",
        run=lake.check_lake_settings,
        remedy="Deploy the stack `governance` again: `cdk deploy --all`",
        source=f"{DOCS}/lake-formation/latest/dg/change-settings.html",
    ),
    Check(
        name="old-permissions",
        run=lake.check_old_permissions,
        remedy='Revoke them once, as docs/governance.md says under "What an account needs"',
        source=f"{DOCS}/lake-formation/latest/dg/upgrade-glue-lake-formation.html",
    ),
    Check(
        name="locations",
        run=lake.check_locations,
        remedy="Deploy the stack `governance` again: `cdk deploy --all`",
        source=f"{DOCS}/lake-formation/latest/dg/register-data-lake.html",
    ),
    Check(
        name="buckets",
        run=storage.check_buckets,
        remedy="Deploy the stack that owns the bucket again: `cdk deploy --all`",
        source=f"{DOCS}/AmazonS3/latest/userguide/access-control-block-public-access.html",
    ),
    Check(
        name="key",
        run=storage.check_key,
        remedy="Enable the key, or cancel its deletion: without it no data can be read",
        source=f"{DOCS}/kms/latest/developerguide/key-state.html",
    ),
    Check(
        name="log-groups",
        run=logs.check_log_groups,
        remedy="Compare the groups' names with lakehouse/names.py, and the key's policy with what CloudWatch needs",
        source=f"{DOCS}/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
    ),
    Check(
        name="executions",
        run=logs.check_executions,
        remedy="Open the execution in the console of Step Functions: it names the state that failed, and why",
        source=f"{DOCS}/step-functions/latest/dg/concepts-view-execution-details.html",
    ),
    Check(
        name="subscriptions",
        run=alerts.check_subscriptions,
        remedy="Set `alerts.emails` in stacks/settings.py and deploy; each address confirms by the link that AWS mails",
        source=f"{DOCS}/sns/latest/dg/SendMessageToHttp.confirm.html",
    ),
    Check(
        name="alarm-actions",
        run=alerts.check_alarm_actions,
        remedy="Let an alarm notify once: `aws cloudwatch set-alarm-state` (docs/first-deploy.md)",
        source=f"{DOCS}/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html",
    ),
    Check(
        name="arrivals",
        run=alerts.check_arrivals,
        remedy="Put a file into stage (`lakehouse ingest`); if the queue stays empty, check the key's policy",
        source=f"{DOCS}/eventbridge/latest/userguide/eb-troubleshooting.html",
    ),
    Check(
        name="vpc-endpoints",
        run=network.check_vpc_endpoints,
        remedy="Deploy the stack `network` again; if the service is not in the zone, deploy to other zones",
        source=f"{DOCS}/vpc/latest/privatelink/create-interface-endpoint.html",
    ),
    Check(
        name="airflow",
        run=account.check_airflow,
        remedy="Read the log groups of Airflow, the start-up script's first: it is stopped after five minutes",
        source=f"{DOCS}/mwaa/latest/userguide/troubleshooting.html",
    ),
    Check(
        name="deliveries",
        run=paths.check_deliveries,
        remedy="Read the delivery's log group under /lakehouse/<environment>/deliveries",
        source=f"{DOCS}/firehose/latest/dev/troubleshooting.html",
    ),
    Check(
        name="smoke",
        run=paths.check_smoke,
        remedy="Deploy (`cdk deploy --all`), then run `lakehouse tables apply`",
        source=f"{DOCS}/athena/latest/ug/troubleshooting-athena.html",
    ),
    Check(
        name="default",
        run=lake.check_default_database,
        remedy="Run `lakehouse tables apply` under the role `tables`; it says what an administrator has to do",
        source=f"{DOCS}/athena/latest/ug/lf-athena-limitations.html",
        roles=(*ROLES, TABLES),
        must_work=True,
    ),
    *(
        Check(
            name=f"queries-{role}",
            run=partial(paths.check_queries, role),
            remedy="Read Athena's message: workgroup, results bucket, key, or a grant of Lake Formation is missing",
            source=f"{DOCS}/athena/latest/ug/security-athena-lake-formation.html",
            roles=(role,),
            must_work=True,
        )
        for role in ROLES
    ),
    Check(
        name="contracts",
        run=storage.check_contract_readable,
        remedy="Run `lakehouse tables apply`; if the call is denied, check the key's policy",
        source=f"{DOCS}/AmazonS3/latest/userguide/UsingKMSEncryption.html",
        roles=(OPERATOR.name, TABLES),
        must_work=True,
    ),
    Check(
        name="delivery-to-stage",
        run=storage.check_delivery_to_stage,
        remedy="Compare the role's policy and the key's policy with AWS's message",
        source=f"{DOCS}/AmazonS3/latest/userguide/mpuoverview.html",
        roles=(OPERATOR.name,),
        must_work=True,
    ),
    Check(
        name="moves",
        run=paths.check_moves,
        remedy="Send one file through: `lakehouse ingest`, then `lakehouse run` (docs/first-deploy.md)",
        source=f"{DOCS}/glue/latest/dg/troubleshooting-glue.html",
        roles=(OPERATOR.name,),
        must_work=True,
    ),
    Check(
        name="trail",
        run=logs.check_trail,
        remedy="Compare the policies of the audit bucket and of the key with what CloudTrail needs",
        source=f"{DOCS}/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html",
        roles=(AUDITOR,),
        must_work=True,
    ),
)
"""Every check, in the order in which they are made."""
