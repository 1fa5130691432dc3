"""A Glue job as all of ours are: how large, how often tried again, where it logs and how that is encrypted."""

from collections.abc import Mapping, Sequence

from aws_cdk import FileAssetLocation
from aws_cdk import aws_glue as glue
from aws_cdk import aws_logs as logs

from lakehouse.names import Fetch, Move
from lakehouse.sizes import CAPACITIES, Size
from stacks.iam.service_role import ServiceRole
from stacks.settings import Jobs
from stacks.stack import LakehouseStack


def add_glue_job(
    stack: LakehouseStack,
    job: Move | Fetch,
    *,
    description: str,
    role: ServiceRole,
    script: FileAssetLocation,
    arguments: Mapping[str, str],
    log_groups: Sequence[logs.LogGroup],
    settings: Jobs,
) -> glue.CfnJob:
    """Make the job; it waits for its role's policy and its log groups.

    Args:
        stack: where it is made.
        job: names it.
        description: what people read.
        role: what it runs as.
        script: what it runs.
        arguments: of its every run, beside those that all jobs have.
        log_groups: where it logs.
        settings: choices of the environment for jobs.

    Returns:
        The job, for what else it has to wait for.
    """
    names = stack.names
    capacity = CAPACITIES[Size.SMALL]  # who starts a run gives it what its dataset's size asks for
    made = glue.CfnJob(
        stack,
        job,
        name=names.job(job),
        description=description,
        role=role.role.role_arn,
        command=glue.CfnJob.JobCommandProperty(
            name="glueetl", python_version="3", script_location=script.s3_object_url
        ),
        default_arguments={
            "--environment": names.environment,
            "--contracts": names.contracts_uri,
            "--enable-metrics": "true",
            "--enable-continuous-cloudwatch-log": "true",
            "--custom-logGroup-prefix": names.job_log_prefix,
            "--job-language": "python",
            **arguments,
        },
        glue_version=settings.glue_version,
        execution_class=settings.execution_class,
        worker_type=capacity["WorkerType"],
        number_of_workers=capacity["NumberOfWorkers"],
        timeout=capacity["Timeout"],
        max_retries=settings.retries,
        execution_property=glue.CfnJob.ExecutionPropertyProperty(max_concurrent_runs=settings.max_concurrent_runs),
        security_configuration=names.job_security_configuration,
    )
    made.node.add_dependency(role.policy, *log_groups)
    return made
