"""Orchestration: Airflow by Amazon MWAA, private, with an environment of its own for dbt."""

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import aws_codeartifact as codeartifact
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_mwaa as mwaa
from constructs import Construct

from lakehouse.contracts.model import Contract
from lakehouse.governance import tags
from lakehouse.governance.grants import of_planner
from lakehouse.names import Names
from stacks.iam.acknowledge import acknowledge_wildcards
from stacks.iam.airflow import WHY_AIRFLOW_WILDCARDS, airflow_statements
from stacks.iam.dbt_role import add_dbt_role
from stacks.iam.tag_grants import grant
from stacks.network.stack import Network
from stacks.orchestration.airflow_content import DAGS, add_content
from stacks.settings import Settings
from stacks.stack import LakehouseStack

AIRFLOW_VERSION = "3.2.1"  # the newest that Amazon MWAA offers; dags/requirements.txt is for it
LOGS = {
    "DAGProcessing": "dag_processing_logs",
    "Scheduler": "scheduler_logs",
    "Task": "task_logs",
    "WebServer": "webserver_logs",
    "Worker": "worker_logs",
}
"""Names of the components in log groups, and of their logs in CloudFormation."""
PORTS = (443, 5432)
"""Of web server and metadata database, which Airflow's components reach within their group."""
Services = ec2.InterfaceVpcEndpointAwsService
SERVICES = (
    *(Services.SQS, Services.CLOUDWATCH_LOGS, Services.CLOUDWATCH_MONITORING, Services.KMS),
    *(Services.AIRFLOW_API, Services.AIRFLOW_ENV, Services.STS, Services.SECRETS_MANAGER),
    *(Services.GLUE, Services.ATHENA, Services.SNS, Services.LAKE_FORMATION),
    *(Services.CODEARTIFACT_API, Services.CODEARTIFACT_REPOSITORIES),
)
"""What the environment itself needs (Amazon MWAA user guide, "VPC endpoints"), then what its tasks call."""


class Orchestration(LakehouseStack):
    """The MWAA environment, its content, packages, roles and logs."""

    def __init__(
        self,
        scope: Construct,
        *,
        names: Names,
        settings: Settings,
        key: kms.IKey,
        network: Network,
        contracts: Sequence[Contract],
        root: Path,
    ) -> None:
        super().__init__(scope, "orchestration", names=names, description="Airflow of the lakehouse")
        self._settings, self._key = settings, key
        self._packages()
        role = self._role()
        trusted = iam.ArnPrincipal(role.role_arn)
        add_dbt_role(self, trusted=trusted, key=key, tags=tags.values(contracts)).node.add_dependency(role)
        content = add_content(self, settings=settings, key=key, contracts=Path(contracts[0].path).parents[1], root=root)
        groups = [self._log_group(component) for component in LOGS]
        asked = [Services.DATABASE_MIGRATION_SERVICE] if any(item.source.is_database for item in contracts) else []
        security_group = network.tenant(
            "Airflow",
            description="Airflow: its components reach one another, nobody else them",
            services=[*SERVICES, *asked],
        )
        for port in PORTS:
            security_group.add_ingress_rule(security_group, ec2.Port.tcp(port), "Components of Airflow")
        least, most = settings.orchestration.workers
        environment = mwaa.CfnEnvironment
        made = environment(
            self,
            "Airflow",
            name=names.airflow,
            airflow_version=AIRFLOW_VERSION,
            environment_class=settings.orchestration.environment_class,
            min_workers=least,
            max_workers=most,
            execution_role_arn=role.role_arn,
            kms_key=key.key_arn,
            source_bucket_arn=self.s3_arn(names.dags_bucket),
            dag_s3_path=DAGS,
            requirements_s3_path=content.requirements,
            startup_script_s3_path=content.startup_script,
            webserver_access_mode="PRIVATE_ONLY",
            endpoint_management="SERVICE",
            network_configuration=environment.NetworkConfigurationProperty(
                security_group_ids=[security_group.security_group_id],
                subnet_ids=[subnet.subnet_id for subnet in network.private_subnets],
            ),
            logging_configuration=environment.LoggingConfigurationProperty(
                **{
                    member: environment.ModuleLoggingConfigurationProperty(
                        enabled=True, log_level=settings.orchestration.log_level
                    )
                    for member in LOGS.values()
                }
            ),
            weekly_maintenance_window_start="SUN:03:00",
        )
        made.node.add_dependency(*content.made, *groups, role)

    def _packages(self) -> None:
        """A way to Python packages without one to the internet, which CodeArtifact has in the environment's stead."""
        names = self.names
        domain = codeartifact.CfnDomain(
            self, "Packages", domain_name=names.packages_domain, encryption_key=self._key.key_arn
        )
        repository = codeartifact.CfnRepository(
            self,
            "Pypi",
            domain_name=names.packages_domain,
            repository_name=names.packages_repository,
            description="What is on PyPI, from the first time that it was asked for",
            external_connections=["public:pypi"],
        )
        repository.node.add_dependency(domain)

    def _role(self) -> iam.Role:
        role = iam.Role(
            self,
            "role",
            role_name=self.names.airflow_role,
            description=f"Airflow environment {self.names.airflow}",
            assumed_by=iam.CompositePrincipal(
                iam.ServicePrincipal("airflow.amazonaws.com"), iam.ServicePrincipal("airflow-env.amazonaws.com")
            ),
        )
        statements = airflow_statements(self, key=self._key)
        policy = iam.Policy(self, "policy", statements=statements, roles=[role])
        acknowledge_wildcards(policy, statements, reason=WHY_AIRFLOW_WILDCARDS)
        grant(self, role, of_planner())
        return role

    def _log_group(self, component: str) -> logs.LogGroup:
        """Made before Amazon MWAA makes it unencrypted and for ever."""
        return logs.LogGroup(
            self,
            f"{component}-log",
            log_group_name=self.names.airflow_log_group(component),
            retention=self._settings.retention.logs,
            encryption_key=self._key,
            removal_policy=self._settings.removal_policy,
        )
