"""Who a pipeline says it is: the OpenID Connect tokens of GitHub Actions and Azure Pipelines."""

import re
from dataclasses import dataclass

from lakehouse.names import Names

GITHUB = re.compile(r"[\w.-]+(@\d+)?/[\w.-]+(@\d+)?")
AZURE = re.compile(r"(?P<id>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})/(?P<organization>[\w.-]+)/(?P<project>[\w. -]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A system that runs pipelines, as IAM sees it.

    Args:
        issuer: host and path of its identity provider.
        audience: who its tokens are for.
        subject: whose its tokens are, with `{environment}` and `{prefix}` for the deployment's.
    """

    issuer: str
    audience: str
    subject: str

    def subject_of(self, names: Names) -> str:
        """The one subject that may deploy an environment."""
        return self.subject.format(environment=names.environment, prefix=names.prefix)


def github(repository: str) -> Pipeline:
    """Jobs of a repository that run in the GitHub environment of the deployment's name.

    Args:
        repository: `owner/name`, or with ids, `owner@1/name@2`, as repositories made since 2026-07-15 call themselves
            (GitHub docs, "OpenID Connect reference").

    Raises:
        ValueError: it is neither.
    """
    if not GITHUB.fullmatch(repository):
        raise ValueError(f"no repository '{repository}': expected owner/name, or owner@id/name@id")
    return Pipeline(
        issuer="token.actions.githubusercontent.com",
        audience="sts.amazonaws.com",
        subject=f"repo:{repository}:environment:{{environment}}",
    )


def azure(project: str) -> Pipeline:
    """Jobs of an Azure DevOps project by the service connection `lakehouse-<environment>` of AWS's toolkit.

    Args:
        project: `<organization id>/<organization>/<project>`. Source of the token's form: AWS blog, "How to federate
            into AWS from Azure DevOps using OpenID Connect".

    Raises:
        ValueError: it has another form.
    """
    found = AZURE.fullmatch(project)
    if not found:
        raise ValueError(f"no Azure DevOps project '{project}': expected ORGANIZATION_ID/ORGANIZATION/PROJECT")
    return Pipeline(
        issuer=f"vstoken.dev.azure.com/{found['id']}",
        audience="api://AzureADTokenExchange",
        subject=f"sc://{found['organization']}/{found['project']}/{{prefix}}",
    )
