"""Which partition a record belongs to, as its stream's processors say."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jq  # type: ignore[import-not-found]
from ministack.services import firehose  # type: ignore[import-untyped]


def keys_of(config: Mapping[str, Any], record: bytes) -> dict[str, str]:
    """The partition keys that a destination's jq query finds in a record; none without dynamic partitioning.

    Args:
        config: an extended S3 destination, as the API has it.
        record: what was put.

    Raises:
        firehose._DeliveryError: the record is no JSON, or a key is missing in it: it belongs under the error prefix.
    """
    query = parameter(config, "MetadataExtraction", "MetadataExtractionQuery")
    if query is None or not config.get("DynamicPartitioningConfiguration", {}).get("Enabled"):
        return {}
    try:
        found = _program(query).input_text(record.decode()).all()
    except ValueError as error:
        raise _undeliverable(str(error)) from error
    if len(found) != 1 or not isinstance(found[0], dict):
        raise _undeliverable(f"the query gave {len(found)} results: expected one object from one JSON record")
    if missing := [name for name, value in found[0].items() if not isinstance(value, str | int | float) or value == ""]:
        raise _undeliverable(f"no value for the partition key {', '.join(missing)}")
    return {name: value if isinstance(value, str) else str(value) for name, value in found[0].items()}


def parameter(config: Mapping[str, Any], processor: str, name: str) -> str | None:
    """A parameter of a destination's processor; None without that processor."""
    processing = config.get("ProcessingConfiguration", {})
    if not processing.get("Enabled"):
        return None
    for found in processing.get("Processors", []):
        if found["Type"] == processor:
            for given in found.get("Parameters", []):
                if given["ParameterName"] == name:
                    return str(given["ParameterValue"])
    return None


def _undeliverable(reason: str) -> Exception:
    error: Exception = firehose._DeliveryError("processing-failed", f"Metadata extraction failed: {reason}")
    return error


@lru_cache(maxsize=64)
def _program(query: str) -> Any:
    return jq.compile(query)
