"""CodeArtifact: domains and repositories, recorded; packages of a laptop come from elsewhere.

Source: AWS CodeArtifact API reference.
"""

import json
import time
from typing import Any

from ministack import app as ministack  # type: ignore[import-untyped]
from ministack.core.responses import AccountRegionScopedDict  # type: ignore[import-untyped]

from emulator.runtime import checkpoint, plugin
from emulator.runtime.plugin import AwsError, Json

STATE = "codeartifact"

domains: Any = AccountRegionScopedDict()
repositories: Any = AccountRegionScopedDict()
"""`domain/repository` -> repository."""


def register() -> None:
    ministack.SERVICE_HANDLERS["codeartifact"] = _handle
    plugin.stores(STATE, {"domains": domains, "repositories": repositories})


async def _handle(
    method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
) -> plugin.Response:
    operation = OPERATIONS.get((method, path.rstrip("/")))
    try:
        if operation is None:
            raise AwsError("UnknownOperationException", f"the embedded AWS has no codeartifact:{method} {path}")
        answer = operation({name: values[0] for name, values in query.items()} | json.loads(body or b"{}"))
    except AwsError as error:
        return plugin.refusal(error)
    if method != "GET":
        checkpoint.flush(STATE)
    return plugin.answer(answer)


def _create_domain(request: Json) -> Json:
    name = request["domain"]
    if name in domains:
        raise AwsError("ConflictException", f"Domain {name} already exists.", status=409)
    domains[name] = {
        "name": name,
        "owner": plugin.account(),
        "arn": f"arn:aws:codeartifact:{plugin.region()}:{plugin.account()}:domain/{name}",
        "status": "Active",
        "createdTime": time.time(),
        "encryptionKey": request.get("encryptionKey"),
        "assetSizeBytes": 0,
    }
    return {"domain": _domain(name)}


def _describe_domain(request: Json) -> Json:
    return {"domain": _domain(request["domain"])}


def _delete_domain(request: Json) -> Json:
    domain = _domain(request["domain"])
    if domain["repositoryCount"]:
        raise AwsError("ConflictException", f"Domain {domain['name']} has repositories.", status=409)
    del domains[domain["name"]]
    return {"domain": domain | {"status": "Deleted"}}


def _create_repository(request: Json) -> Json:
    domain, name = _domain(request["domain"]), request["repository"]
    key = f"{domain['name']}/{name}"
    if key in repositories:
        raise AwsError("ConflictException", f"Repository {key} already exists.", status=409)
    repositories[key] = {
        "name": name,
        "administratorAccount": plugin.account(),
        "domainName": domain["name"],
        "domainOwner": plugin.account(),
        "arn": f"arn:aws:codeartifact:{plugin.region()}:{plugin.account()}:repository/{key}",
        "description": request.get("description", ""),
        "upstreams": request.get("upstreams", []),
        "externalConnections": [],
        "createdTime": time.time(),
    }
    return {"repository": repositories[key]}


def _describe_repository(request: Json) -> Json:
    return {"repository": _repository(request)}


def _update_repository(request: Json) -> Json:
    repository = _repository(request)
    repository |= {name: request[name] for name in ("description", "upstreams") if name in request}
    return {"repository": repository}


def _delete_repository(request: Json) -> Json:
    repository = _repository(request)
    del repositories[f"{repository['domainName']}/{repository['name']}"]
    return {"repository": repository}


def _connect(request: Json) -> Json:
    repository = _repository(request)
    connection = request["external-connection"]
    repository["externalConnections"] = [
        {
            "externalConnectionName": connection,
            "packageFormat": connection.rpartition(":")[2].replace("npmjs", "npm"),
            "status": "Available",
        }
    ]
    return {"repository": repository}


def _domain(name: str) -> Json:
    if name not in domains:
        raise AwsError("ResourceNotFoundException", f"Domain not found: {name}", status=404)
    count = sum(repository["domainName"] == name for repository in repositories.values())
    domain: Json = domains[name] | {"repositoryCount": count}
    return domain


def _repository(request: Json) -> Json:
    key = f"{request['domain']}/{request['repository']}"
    if key not in repositories:
        raise AwsError("ResourceNotFoundException", f"Repository not found: {key}", status=404)
    repository: Json = repositories[key]
    return repository


OPERATIONS = {
    ("POST", "/v1/domain"): _create_domain,
    ("GET", "/v1/domain"): _describe_domain,
    ("DELETE", "/v1/domain"): _delete_domain,
    ("POST", "/v1/repository"): _create_repository,
    ("GET", "/v1/repository"): _describe_repository,
    ("PUT", "/v1/repository"): _update_repository,
    ("DELETE", "/v1/repository"): _delete_repository,
    ("POST", "/v1/repository/external-connection"): _connect,
}
