"""Amazon MWAA: environments keep all their settings, and their files must exist, as in AWS."""

import json
from collections.abc import Callable

from ministack.services import mwaa  # type: ignore[import-untyped]

from emulator.runtime import plugin
from emulator.runtime.plugin import Json

FILES = ("RequirementsS3Path", "StartupScriptS3Path", "PluginsS3Path")

Handler = Callable[[str, str, dict[str, str], bytes, dict[str, list[str]]], plugin.Response]


def register() -> None:
    """Extend ministack's functions that create and update environments."""
    for name in ("_create_environment", "_update_environment"):
        setattr(mwaa, name, _checked(getattr(mwaa, name)))


def _checked(change: Handler) -> Handler:
    def changed(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> plugin.Response:
        request: Json = json.loads(body or b"{}")
        name = path.strip("/").rpartition("/")[2]
        current = mwaa._environments.get(name, {})
        for missing in _missing({**current, **request}):
            error = f"Unable to read {missing}: it is not in the bucket of environment {name}."
            return plugin.refusal(plugin.AwsError("ValidationException", error))
        response = change(method, path, headers, body, query)
        if response[0] == 200:
            network = {**current.get("NetworkConfiguration", {}), **request.get("NetworkConfiguration", {})}
            mwaa._environments[name].update(request, NetworkConfiguration=network)
        return response

    return changed


def _missing(environment: Json) -> list[str]:
    """Return the files that an environment names and that are not in its bucket."""
    s3 = plugin.client("s3")
    bucket = environment["SourceBucketArn"].rpartition(":")[2]
    paths = [environment[name] for name in FILES if environment.get(name)]
    return [path for path in paths if not s3.list_objects_v2(Bucket=bucket, Prefix=path).get("KeyCount")]
