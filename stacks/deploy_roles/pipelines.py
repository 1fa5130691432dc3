"""The OpenID Connect tokens with which pipelines of GitHub Actions and Azure Pipelines identify themselves."""

import re
from dataclasses import dataclass

from lakehouse.names import Names

GITHUB = re.compile(r"[\w.-]+(@\d+)?/[\w.-]+(@\d+)?")
AZURE = re.compile(r"(?P<id>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})/(?P<organization>[\w.-]+)/(?P<project>[\w. -]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A system that runs pipelines, as an identity provider of IAM.

    Attributes:
        issuer: host and path of the identity provider.
        audience: audience of its tokens.
        subject: subject of its tokens, with `{environment}` and `{prefix}` in place of the deployment's.
    """

    issuer: str
    audience: str
    subject: str

    def subject_of(self, names: Names) -> str:
        """Return the one subject that may deploy an environment."""
        return self.subject.format(environment=names.environment, prefix=names.prefix)


def github(repository: str) -> Pipeline:
    """Return the jobs of a repository that run in the GitHub environment with the deployment's name.

    Args:
        repository: `owner/name`, or with ids, `owner@1/name@2`, for repositories created since 2026-07-15 (GitHub docs,
            "OpenID Connect reference").

    Raises:
        ValueError: The repository has another form.
    """
    if not GITHUB.fullmatch(repository):
        raise ValueError(f"no repository '{repository}': expected owner/name, or owner@id/name@id")
    return Pipeline(
        issuer="token.actions.githubusercontent.com",
        audience="sts.amazonaws.com",
        subject=f"repo:{repository}:environment:{{environment}}",
    )


def azure(project: str) -> Pipeline:
    """Return the jobs of an Azure DevOps project with the service connection `lakehouse-<environment>`.

    Args:
        project: `<organization id>/<organization>/<project>`.

    Raises:
        ValueError: The project has another form.

    Source: AWS blog, "How to federate into AWS from Azure DevOps using OpenID Connect".
    """
    match = AZURE.fullmatch(project)
    if not match:
        raise ValueError(f"no Azure DevOps project '{project}': expected ORGANIZATION_ID/ORGANIZATION/PROJECT")
    return Pipeline(
        issuer=f"vstoken.dev.azure.com/{match['id']}",
        audience="api://AzureADTokenExchange",
        subject=f"sc://{match['organization']}/{match['project']}/{{prefix}}",
    )
