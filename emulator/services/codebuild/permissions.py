"""The project that each request of CodeBuild is about; the id of a build begins with the name of its project.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS CodeBuild".
"""

from collections.abc import Iterable

from emulator.runtime.plugin import Request

_OF_ACCOUNT = frozenset({"ListProjects", "ListBuilds"})


def resources(request: Request) -> Iterable[str]:
    """Return the ARNs of the projects of a request, or `*` for one about the account."""
    named = request.parameter("projectName", "name", "id")
    listed = request.json.get("ids") or request.json.get("names") or []
    projects = {str(one).rpartition("/")[2].partition(":")[0] for one in (*([named] if named else []), *listed)}
    if request.operation in _OF_ACCOUNT or not projects:
        return ["*"]
    return [request.arn(f"project/{project}") for project in sorted(projects)]
