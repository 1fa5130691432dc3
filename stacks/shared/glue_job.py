"""What all Glue jobs have in common: size, retries, logs and encryption."""

from collections.abc import Mapping, Sequence

from aws_cdk import FileAssetLocation
from aws_cdk import aws_glue as glue
from aws_cdk import aws_logs as logs

from lakehouse.names import Fetch, Move
from lakehouse.sizes import CAPACITIES, Size
from stacks.iam.roles import RoleAndPolicy
from stacks.settings import Jobs
from stacks.stack import LakehouseStack


def add_glue_job(
    stack: LakehouseStack,
    job: Move | Fetch,
    *,
    description: str,
    role: RoleAndPolicy,
    script: FileAssetLocation,
    arguments: Mapping[str, str],
    log_groups: Sequence[logs.LogGroup],
    settings: Jobs,
) -> glue.CfnJob:
    """Add a job that waits for the policy of its role and for its log groups.

    Args:
        stack: the stack of the job.
        job: the move or fetch that it runs.
        description: for readers of the Glue console.
        role: the role that it runs with.
        script: the script that it runs.
        arguments: arguments of every run, in addition to those that all jobs have.
        log_groups: where it logs.
        settings: settings of the environment for jobs.

    Returns:
        The job, so that callers can add dependencies.
    """
    names = stack.names
    capacity = CAPACITIES[Size.SMALL]  # each run is started with the capacity of its dataset's size
    glue_job = glue.CfnJob(
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
    glue_job.node.add_dependency(role.policy, *log_groups)
    return glue_job
