"""CodeArtifact: domains and repositories, which are recorded; there are no packages.

Source: AWS CodeArtifact API reference.
"""

import secrets
import time

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json
from emulator.runtime.store import Store

STORE = Store(name="codeartifact", not_found="ResourceNotFoundException", status=404)
domains = STORE.collection("domains")
repositories = STORE.collection("repositories")
"""`domain/repository` -> repository."""


def register() -> None:
    """Answer the operations and keep their state."""
    STORE.register()
    plugin.paths("codeartifact", _answer)


def _answer(method: str, path: str, request: Json) -> Json | None:
    operation = OPERATIONS.get((method, path.rstrip("/")))
    if operation is None:
        return None
    response = operation(request)
    return response if method == "GET" else STORE.save(response)


def _create_domain(request: Json) -> Json:
    name = request["domain"]
    if name in domains:
        raise AwsError("ConflictException", f"Domain {name} already exists.", status=409)
    domains[name] = {
        "name": name,
        "owner": plugin.account(),
        "arn": plugin.arn("codeartifact", f"domain/{name}"),
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
        "arn": plugin.arn("codeartifact", f"repository/{key}"),
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


def _associate_external_connection(request: Json) -> Json:
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


def _get_authorization_token(request: Json) -> Json:
    _domain(request["domain"])
    hours_12 = 12 * 3600
    seconds = int(request.get("duration", hours_12)) or hours_12
    return {"authorizationToken": secrets.token_urlsafe(48), "expiration": time.time() + seconds}


def _domain(name: str) -> Json:
    count = sum(repository["domainName"] == name for repository in repositories.values())
    return STORE.find(domains, name, kind="Domain") | {"repositoryCount": count}


def _repository(request: Json) -> Json:
    return STORE.find(repositories, f"{request['domain']}/{request['repository']}", kind="Repository")


OPERATIONS = {
    ("POST", "/v1/authorization-token"): _get_authorization_token,
    ("POST", "/v1/domain"): _create_domain,
    ("GET", "/v1/domain"): _describe_domain,
    ("DELETE", "/v1/domain"): _delete_domain,
    ("POST", "/v1/repository"): _create_repository,
    ("GET", "/v1/repository"): _describe_repository,
    ("PUT", "/v1/repository"): _update_repository,
    ("DELETE", "/v1/repository"): _delete_repository,
    ("POST", "/v1/repository/external-connection"): _associate_external_connection,
}
