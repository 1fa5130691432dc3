"""Orchestration: Airflow in Amazon MWAA, in the private network, with a separate Python environment for dbt."""

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
from stacks.iam.airflow import WHY_AIRFLOW_WILDCARDS, airflow_statements
from stacks.iam.dbt import add_dbt_role
from stacks.iam.roles import add_role, trusted_service
from stacks.iam.tag_grants import grant
from stacks.network.stack import Network
from stacks.orchestration.airflow_content import DAGS, add_content
from stacks.settings import Settings
from stacks.stack import LakehouseStack

AIRFLOW_VERSION = "3.2.1"  # the newest version of Amazon MWAA; dags/requirements.txt is for it
LOGS = {
    "DAGProcessing": "dag_processing_logs",
    "Scheduler": "scheduler_logs",
    "Task": "task_logs",
    "WebServer": "webserver_logs",
    "Worker": "worker_logs",
}
"""Names of the components in log groups, and the names of their logs in CloudFormation."""
PORTS = (443, 5432)
"""Ports of web server and metadata database, which Airflow's components reach within their security group."""
Services = ec2.InterfaceVpcEndpointAwsService
SERVICES = (
    *(Services.SQS, Services.CLOUDWATCH_LOGS, Services.CLOUDWATCH_MONITORING, Services.KMS),
    *(Services.AIRFLOW_API, Services.AIRFLOW_ENV, Services.STS, Services.SECRETS_MANAGER),
    *(Services.GLUE, Services.ATHENA, Services.SNS, Services.LAKE_FORMATION),
    *(Services.CODEARTIFACT_API, Services.CODEARTIFACT_REPOSITORIES),
)
"""Services that the environment needs (Amazon MWAA user guide, "VPC endpoints"), then those that its tasks call."""


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
        log_groups = [self._log_group(component) for component in LOGS]
        has_databases = any(contract.source.is_database for contract in contracts)
        security_group = network.tenant(
            "Airflow",
            description="Airflow: its components reach one another, nobody else them",
            services=[*SERVICES, *([Services.DATABASE_MIGRATION_SERVICE] if has_databases else [])],
        )
        for port in PORTS:
            security_group.add_ingress_rule(security_group, ec2.Port.tcp(port), "Components of Airflow")
        least, most = settings.orchestration.workers
        environment = mwaa.CfnEnvironment(
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
            network_configuration=mwaa.CfnEnvironment.NetworkConfigurationProperty(
                security_group_ids=[security_group.security_group_id],
                subnet_ids=[subnet.subnet_id for subnet in network.private_subnets],
            ),
            logging_configuration=mwaa.CfnEnvironment.LoggingConfigurationProperty(
                **{
                    member: mwaa.CfnEnvironment.ModuleLoggingConfigurationProperty(
                        enabled=True, log_level=settings.orchestration.log_level
                    )
                    for member in LOGS.values()
                }
            ),
            weekly_maintenance_window_start="SUN:03:00",
        )
        environment.node.add_dependency(*content.deployments, *log_groups, role)

    def _packages(self) -> None:
        """Add a repository of Python packages: CodeArtifact reaches PyPI, the environment does not."""
        names = self.names
        domain = codeartifact.CfnDomain(
            self, "Packages", domain_name=names.packages_domain, encryption_key=self._key.key_arn
        )
        repository = codeartifact.CfnRepository(
            self,
            "Pypi",
            domain_name=names.packages_domain,
            repository_name=names.packages_repository,
            description="Packages of PyPI, cached at their first download",
            external_connections=["public:pypi"],
        )
        repository.node.add_dependency(domain)

    def _role(self) -> iam.Role:
        role, _ = add_role(
            self,
            "role",
            policy_id="policy",
            name=self.names.airflow_role,
            description=f"Airflow environment {self.names.airflow}",
            trusted=trusted_service(self, "airflow", "airflow-env"),
            statements=airflow_statements(self, key=self._key),
            why_wildcards=WHY_AIRFLOW_WILDCARDS,
        )
        grant(self, role, of_planner())
        return role

    def _log_group(self, component: str) -> logs.LogGroup:
        """Add a log group of Airflow; Amazon MWAA would create it unencrypted and keep it for ever."""
        return logs.LogGroup(
            self,
            f"{component}-log",
            log_group_name=self.names.airflow_log_group(component),
            retention=self._settings.retention.logs,
            encryption_key=self._key,
            removal_policy=self._settings.removal_policy,
        )
