"""Processing: one Glue job for each move; the role of a job reaches only the two zones of its move."""

from pathlib import Path

from aws_cdk import FileAssetLocation
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kms as kms
from constructs import Construct

from lakehouse.engine.session import CATALOG, ICEBERG
from lakehouse.governance.grants import of_job, of_optimizer
from lakehouse.lineage.endpoint import UNSENT, UNSENT_LOG
from lakehouse.moves.metrics import UNPUBLISHED, UNPUBLISHED_LOG
from lakehouse.names import Move, Names, Zone
from stacks.iam.jobs import WHY_MOVE_WILDCARDS, move_statements
from stacks.iam.lake import WHY_OPTIMIZER_WILDCARDS, optimizer_statements
from stacks.iam.roles import add_service_role
from stacks.iam.tag_grants import grant
from stacks.settings import Settings
from stacks.shared.glue_job import add_glue_job
from stacks.shared.job_code import upload, upload_wheel
from stacks.shared.job_logs import job_log_groups
from stacks.shared.log_metrics import count_lines
from stacks.stack import LakehouseStack


class Processing(LakehouseStack):
    """The Glue jobs, their roles, logs and encryption, and the role of the table optimizers."""

    def __init__(self, scope: Construct, *, names: Names, settings: Settings, key: kms.IKey, root: Path) -> None:
        super().__init__(scope, "processing", names=names, description="Glue jobs of the lakehouse")
        security = self._security_configuration(key)
        wheel = upload_wheel(self, root)
        self._add_optimizer_role(key)
        for move in Move:
            source, target = (Zone(zone) for zone in move.split("_to_"))
            script = upload(self, root / names.script_key(move))
            log_groups = job_log_groups(self, move, settings=settings, key=key)
            output, _ = log_groups
            if settings.lineage_endpoint:
                count_lines(self, f"{move}-unsent", log_group=output, containing=UNSENT_LOG, metric=UNSENT)
            count_lines(self, f"{move}-unpublished", log_group=output, containing=UNPUBLISHED_LOG, metric=UNPUBLISHED)
            role = add_service_role(
                self,
                move,
                name=names.job_role(move),
                description=f"Glue job {names.job(move)}",
                service="glue",
                statements=move_statements(
                    self,
                    source=source,
                    target=target,
                    key=key,
                    code=[script, wheel],
                    traces=settings.jobs.traces,
                ),
                why_wildcards=WHY_MOVE_WILDCARDS,
            )
            grant(self, role.role, of_job(move))
            job = add_glue_job(
                self,
                move,
                description=f"Moves batches of one dataset from {source} to {target}",
                role=role,
                script=script,
                arguments=self._arguments(target, wheel=wheel, settings=settings),
                log_groups=log_groups,
                settings=settings.jobs,
            )
            job.node.add_dependency(security)

    def _add_optimizer_role(self, key: kms.IKey) -> None:
        """Add the role with which Glue optimizes tables; `lakehouse tables apply` sets that up for each table."""
        role, _ = add_service_role(
            self,
            "optimizer",
            service="glue",
            name=self.names.optimizer_role,
            description="Glue compacts our tables, expires their snapshots and deletes their orphan files",
            statements=optimizer_statements(self, key=key),
            why_wildcards=WHY_OPTIMIZER_WILDCARDS,
        )
        grant(self, role, of_optimizer())

    def _security_configuration(self, key: kms.IKey) -> glue.CfnSecurityConfiguration:
        return glue.CfnSecurityConfiguration(
            self,
            "Encryption",
            name=self.names.job_security_configuration,
            encryption_configuration=glue.CfnSecurityConfiguration.EncryptionConfigurationProperty(
                cloud_watch_encryption=glue.CfnSecurityConfiguration.CloudWatchEncryptionProperty(
                    cloud_watch_encryption_mode="SSE-KMS", kms_key_arn=key.key_arn
                ),
                job_bookmarks_encryption=glue.CfnSecurityConfiguration.JobBookmarksEncryptionProperty(
                    job_bookmarks_encryption_mode="CSE-KMS", kms_key_arn=key.key_arn
                ),
                s3_encryptions=[
                    glue.CfnSecurityConfiguration.S3EncryptionProperty(
                        s3_encryption_mode="SSE-KMS", kms_key_arn=key.key_arn
                    )
                ],
            ),
        )

    def _arguments(self, target: Zone, *, wheel: FileAssetLocation, settings: Settings) -> dict[str, str]:
        """Return the arguments of every run of a move; the caller of a run adds `--dataset` and `--batch_ids`."""
        names = self.names
        spark = ICEBERG | {f"spark.sql.catalog.{CATALOG}.warehouse": names.database_location(target)}
        return {
            # pip installs the wheel and the requirements in its metadata, on the driver and on every worker.
            "--additional-python-modules": wheel.s3_object_url,
            "--datalake-formats": "iceberg",
            # Glue accepts one --conf: its value contains the others.
            "--conf": " --conf ".join(f"{key}={value}" for key, value in spark.items()),
            "--enable-auto-scaling": "true",
            "--enable-observability-metrics": "true",
            **({"--traces_endpoint": names.traces_endpoint} if settings.jobs.traces else {}),
            **({"--lineage_endpoint": settings.lineage_endpoint} if settings.lineage_endpoint else {}),
        }
