"""Kinesis: changes of a stream between on-demand and provisioned mode, which ministack does not support."""

from ministack.services import kinesis  # type: ignore[import-untyped]

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json


def register() -> None:
    """Answer UpdateStreamMode."""
    plugin.operations("kinesis", [update_stream_mode])


def update_stream_mode(request: Json) -> Json:
    _, stream = kinesis._resolve_stream(request)
    if not stream:
        raise AwsError("ResourceNotFoundException", f"Stream {request['StreamARN']} under this account not found.")
    stream["StreamModeDetails"] = request["StreamModeDetails"]
    return {}
