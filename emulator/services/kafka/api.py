"""Amazon MSK: serverless clusters and cluster policies, which are recorded; there is no broker.

Source: Amazon MSK API reference, `CreateClusterV2`, `PutClusterPolicy`.
"""

import re
from urllib.parse import unquote
from uuid import uuid4

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json
from emulator.runtime.store import Store

PORT = 9098
PATH = re.compile(r"/(?:api/v2|v1)/clusters(?:/(.+?))?(/policy|/bootstrap-brokers)?")

STORE = Store(name="kafka_serverless", not_found="NotFoundException", status=404)
_clusters = STORE.collection("clusters")
_policies = STORE.collection("policies")


def register() -> None:
    """Answer the operations that ministack does not have; ministack answers those of provisioned clusters."""
    STORE.register()
    plugin.paths("kafka", _answer)


def _answer(method: str, path: str, request: Json) -> Json | None:
    matched = PATH.fullmatch(path)
    if matched is None:
        return None
    arn, part = unquote(matched[1] or ""), matched[2]
    serverless = arn in _clusters
    match method, part:
        case "POST", None if path.startswith("/api/v2/") and "serverless" in request:
            return _create(request)
        case "GET", None if path == "/api/v2/clusters":
            return {"clusterInfoList": list(_clusters.values())}
        case "GET", None if serverless:
            return {"clusterInfo": _clusters[arn]}
        case "DELETE", None if serverless:
            _policies.pop(arn, None)
            return STORE.save({"clusterArn": _clusters.pop(arn)["clusterArn"], "state": "DELETING"})
        case "GET", "/bootstrap-brokers" if serverless:
            identifier = arn.rpartition("/")[2]
            host = f"boot-{identifier}.c1.kafka-serverless.{plugin.region()}.amazonaws.com"
            return {"bootstrapBrokerStringSaslIam": f"{host}:{PORT}"}
        case "PUT", "/policy":
            _policies[arn] = request["policy"]
            return STORE.save({"currentVersion": "1"})
        case "GET", "/policy":
            return {"currentVersion": "1", "policy": _policy(arn)}
        case "DELETE", "/policy":
            _policy(arn)
            del _policies[arn]
            return STORE.save({})
    return None


def _create(request: Json) -> Json:
    name = request["clusterName"]
    if any(cluster["clusterName"] == name for cluster in _clusters.values()):
        raise AwsError("ConflictException", f"A cluster named {name} exists already.", status=409)
    arn = plugin.arn("kafka", f"cluster/{name}/{uuid4()}-s1")
    _clusters[arn] = {
        "clusterName": name,
        "clusterArn": arn,
        "clusterType": "SERVERLESS",
        "state": "ACTIVE",
        "serverless": request["serverless"],
        "tags": request.get("tags", {}),
    }
    return STORE.save({"clusterArn": arn, "clusterName": name, "state": "ACTIVE", "clusterType": "SERVERLESS"})


def _policy(arn: str) -> str:
    if arn not in _policies:
        raise AwsError("NotFoundException", f"Cluster {arn} has no policy.", status=404)
    policy: str = _policies[arn]
    return policy
