"""Amazon MWAA: environments keep all that they were told, and need what they read to be there, as in AWS."""

import json
from collections.abc import Callable

from ministack.services import mwaa  # type: ignore[import-untyped]

from emulator.runtime import plugin
from emulator.runtime.plugin import Json

FILES = ("RequirementsS3Path", "StartupScriptS3Path", "PluginsS3Path")

Handler = Callable[[str, str, dict[str, str], bytes, dict[str, list[str]]], plugin.Response]


def register() -> None:
    for name in ("_create_environment", "_update_environment"):
        setattr(mwaa, name, _whole(getattr(mwaa, name)))


def _whole(change: Handler) -> Handler:
    def changed(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> plugin.Response:
        request: Json = json.loads(body or b"{}")
        name = path.strip("/").rpartition("/")[2]
        known = mwaa._environments.get(name, {})
        for missing in _missing({**known, **request}):
            error = f"Unable to read {missing}: it is not in the bucket of environment {name}."
            return plugin.refusal(plugin.AwsError("ValidationException", error))
        answer = change(method, path, headers, body, query)
        if answer[0] == 200:
            network = {**known.get("NetworkConfiguration", {}), **request.get("NetworkConfiguration", {})}
            mwaa._environments[name].update(request, NetworkConfiguration=network)
        return answer

    return changed


def _missing(environment: Json) -> list[str]:
    s3 = plugin.client("s3")
    bucket = environment["SourceBucketArn"].rpartition(":")[2]
    paths = [environment[name] for name in FILES if environment.get(name)]
    return [path for path in paths if not s3.list_objects_v2(Bucket=bucket, Prefix=path).get("KeyCount")]
