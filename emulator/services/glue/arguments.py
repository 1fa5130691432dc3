"""The arguments of a job: some configure Glue, the others are the script's `sys.argv`.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
"""

import shlex
from collections.abc import Mapping

FOR_GLUE = frozenset(
    {
        "--additional-python-modules",
        "--class",
        "--conf",
        "--continuous-log-conversionPattern",
        "--continuous-log-logGroup",
        "--continuous-log-logStreamPrefix",
        "--custom-logGroup-prefix",
        "--custom-logStream-prefix",
        "--customer-driver-env-vars",
        "--customer-executor-env-vars",
        "--datalake-formats",
        "--enable-auto-scaling",
        "--enable-continuous-cloudwatch-log",
        "--enable-continuous-log-filter",
        "--enable-glue-datacatalog",
        "--enable-job-insights",
        "--enable-metrics",
        "--enable-observability-metrics",
        "--enable-spark-ui",
        "--extra-files",
        "--extra-jars",
        "--extra-py-files",
        "--job-language",
        "--python-modules-installer-option",
        "--spark-event-logs-path",
        "--user-jars-first",
    }
)


def script_arguments(arguments: Mapping[str, str], *, job: str, run: str) -> list[str]:
    """Return the script's `sys.argv`: names and values of job, run and all arguments that do not configure Glue."""
    values = {"--JOB_NAME": job, "--JOB_RUN_ID": run}
    values |= {name: str(value) for name, value in arguments.items() if name not in FOR_GLUE}
    return [word for pair in values.items() for word in pair]


def driver_environment(arguments: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables of `--customer-driver-env-vars` (`NAME=value,NAME2="a,b"`)."""
    words = shlex.shlex(arguments.get("--customer-driver-env-vars", ""), posix=True)
    words.whitespace, words.whitespace_split, words.quotes, words.escape, words.commenters = ",", True, '"', "", ""
    return {name.strip(): value for name, _, value in (word.partition("=") for word in words)}
