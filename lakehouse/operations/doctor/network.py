"""Network: AWS's endpoints answer here, and those of the lakehouse's VPC are available."""

import os
from collections.abc import Iterator
from typing import Any

from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from lakehouse.operations.doctor.check import Deployment, Finding, client, each, failed, not_checked, passed, passed_if

SERVICES = ("sts", "s3", "kms", "glue", "athena", "lakeformation", "logs", "sns", "sqs", "stepfunctions", "codebuild")
"""Services that the verbs of the command line, or the checks, call from here."""


def check_endpoints(deployment: Deployment) -> Iterator[Finding]:
    """Check that the endpoint of each service answers here, whatever it answers to an unsigned request."""
    yield from each(SERVICES, _answers)


def _answers(service: str) -> Finding:
    url = client(service).meta.endpoint_url
    bundle = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE")
    # `verify` can be a file too, which its types do not say.
    verify: Any = bundle or True
    session = URLLib3Session(verify=verify, proxies=get_environ_proxies(url), timeout=5)
    try:
        answer = session.send(AWSRequest(method="GET", url=url).prepare())
    except Exception as error:
        return failed(f"endpoint of {service}", f"{type(error).__name__}: {error}")
    finally:
        session.close()
    return passed(f"endpoint of {service}", f"answers (HTTP {answer.status_code})")


def check_vpc_endpoints(deployment: Deployment) -> Iterator[Finding]:
    """Check the endpoints in the lakehouse's VPC, if it has one."""
    ec2 = client("ec2")
    vpcs = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [deployment.names.prefix]}])["Vpcs"]
    for vpc in vpcs:
        pages = ec2.get_paginator("describe_vpc_endpoints").paginate(
            Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        )
        for page in pages:
            for endpoint in page["VpcEndpoints"]:
                yield _vpc_endpoint(endpoint["ServiceName"].rpartition(".")[2], endpoint)


def _vpc_endpoint(service: str, endpoint: dict[str, object]) -> Finding:
    subject, state = f"VPC endpoint of {service}", str(endpoint["State"]).lower()
    if state.startswith("pending"):
        return not_checked(subject, state)
    if state == "available" and endpoint.get("VpcEndpointType") == "Interface":
        match endpoint.get("PrivateDnsEnabled"):
            case None:
                return not_checked(subject, "available; it is not said whether private DNS is on")
            case False:
                return failed(subject, "private DNS is off: components of the VPC do not find it")
    return passed_if(state == "available", subject, state)
