"""Amazon MSK: serverless clusters and cluster policies, which are recorded; no broker listens.

Source: Amazon MSK API reference, `CreateClusterV2`, `PutClusterPolicy`.
"""

import json
import re
from urllib.parse import unquote
from uuid import uuid4

from ministack.core.responses import AccountRegionScopedDict  # type: ignore[import-untyped]

from emulator.runtime import checkpoint, plugin
from emulator.runtime.plugin import AwsError, Json

STATE = "kafka_serverless"
PORT = 9098
PATH = re.compile(r"/(?:api/v2|v1)/clusters(?:/(.+?))?(/policy|/bootstrap-brokers)?")

_clusters = AccountRegionScopedDict()
_policies = AccountRegionScopedDict()


def register() -> None:
    """Answer what ministack's MSK lacks; provisioned clusters stay with it."""
    plugin.stores(STATE, {"clusters": _clusters, "policies": _policies})
    plugin.paths("kafka", _answer)


def _answer(method: str, path: str, body: bytes) -> Json | None:
    matched = PATH.fullmatch(path)
    if matched is None:
        return None
    arn, part = unquote(matched[1] or ""), matched[2]
    given = json.loads(body or b"{}")
    serverless = arn in _clusters
    match method, part:
        case "POST", None if path.startswith("/api/v2/") and "serverless" in given:
            return _create(given)
        case "GET", None if path == "/api/v2/clusters":
            return {"clusterInfoList": list(_clusters.values())}
        case "GET", None if serverless:
            return {"clusterInfo": _clusters[arn]}
        case "DELETE", None if serverless:
            _policies.pop(arn, None)
            return _saved({"clusterArn": _clusters.pop(arn)["clusterArn"], "state": "DELETING"})
        case "GET", "/bootstrap-brokers" if serverless:
            identifier = arn.rpartition("/")[2]
            host = f"boot-{identifier}.c1.kafka-serverless.{plugin.region()}.amazonaws.com"
            return {"bootstrapBrokerStringSaslIam": f"{host}:{PORT}"}
        case "PUT", "/policy":
            _policies[arn] = given["policy"]
            return _saved({"currentVersion": "1"})
        case "GET", "/policy":
            return {"currentVersion": "1", "policy": _policy(arn)}
        case "DELETE", "/policy":
            _policy(arn)
            del _policies[arn]
            return _saved({})
    return None


def _create(given: Json) -> Json:
    name = given["clusterName"]
    if any(cluster["clusterName"] == name for cluster in _clusters.values()):
        raise AwsError("ConflictException", f"A cluster named {name} exists already.", status=409)
    arn = f"arn:aws:kafka:{plugin.region()}:{plugin.account()}:cluster/{name}/{uuid4()}-s1"
    _clusters[arn] = {
        "clusterName": name,
        "clusterArn": arn,
        "clusterType": "SERVERLESS",
        "state": "ACTIVE",
        "serverless": given["serverless"],
        "tags": given.get("tags", {}),
    }
    return _saved({"clusterArn": arn, "clusterName": name, "state": "ACTIVE", "clusterType": "SERVERLESS"})


def _policy(arn: str) -> str:
    if arn not in _policies:
        raise AwsError("NotFoundException", f"Cluster {arn} has no policy.", status=404)
    found: str = _policies[arn]
    return found


def _saved(response: Json) -> Json:
    checkpoint.flush(STATE)
    return response
