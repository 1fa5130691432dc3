"""Custom::CDKBucketDeployment: the work of the CDK's function, which needs the AWS CLI from a Lambda layer.

Source: aws-cdk-lib, `aws_s3_deployment.BucketDeployment`.
"""

import io
import zipfile
from typing import Any

from emulator.runtime import plugin
from emulator.runtime.resource_type import Attributes, Properties, ResourceType
from emulator.services.glue.packages import download

MEMBERS = frozenset(
    {
        *("ServiceToken", "SourceBucketNames", "SourceObjectKeys", "SourceMarkers", "SourceMarkersConfig"),
        *("DestinationBucketName", "DestinationBucketKeyPrefix", "DestinationBucketArn", "Prune", "Exclude", "Include"),
        *("RetainOnDelete", "OutputObjectKeys", "WaitForDistributionInvalidation"),
    }
)


def _create(properties: Properties, name: str) -> tuple[str, Attributes]:
    _deploy(properties)
    return name, _attributes(properties)


def _update(_: str, old: Properties, new: Properties) -> Attributes:
    _deploy(new)
    if _destination(old) != _destination(new) and not _true(old.get("RetainOnDelete")):
        _clear(old, keep=set())
    return _attributes(new)


def _delete(_: str, properties: Properties) -> None:
    if not _true(properties.get("RetainOnDelete")):
        _clear(properties, keep=set())


def _deploy(properties: Properties) -> None:
    """Put the files of all archives, with markers replaced; with `Prune`, delete other objects under the prefix."""
    s3 = plugin.client("s3")
    bucket, prefix = _destination(properties)
    sources = zip(properties["SourceBucketNames"], properties["SourceObjectKeys"], strict=True)
    markers: list[dict[str, Any]] = properties.get("SourceMarkers") or []
    written = set()
    for index, (source, key) in enumerate(sources):
        replacements = markers[index] if index < len(markers) else {}
        with zipfile.ZipFile(io.BytesIO(download(f"s3://{source}/{key}", role=None)[0])) as archive:
            for file in (name for name in archive.namelist() if not name.endswith("/")):
                content = archive.read(file)
                for marker, value in replacements.items():
                    content = content.replace(marker.encode(), str(value).encode())
                s3.put_object(Bucket=bucket, Key=prefix + file, Body=content)
                written.add(prefix + file)
    if _true(properties.get("Prune", True)):
        _clear(properties, keep=written)


def _clear(properties: Properties, *, keep: set[str]) -> None:
    s3 = plugin.client("s3")
    bucket, prefix = _destination(properties)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            if entry["Key"] not in keep:
                s3.delete_object(Bucket=bucket, Key=entry["Key"])


def _destination(properties: Properties) -> tuple[str, str]:
    prefix = str(properties.get("DestinationBucketKeyPrefix", "")).strip("/")
    return properties["DestinationBucketName"], f"{prefix}/" if prefix else ""


def _attributes(properties: Properties) -> Attributes:
    attributes: Attributes = {"SourceObjectKeys": properties["SourceObjectKeys"]}
    if "DestinationBucketArn" in properties:
        attributes["DestinationBucketArn"] = properties["DestinationBucketArn"]
    return attributes


def _true(value: object) -> bool:
    return value in (True, "true")


TYPES = {
    "Custom::CDKBucketDeployment": ResourceType(properties=MEMBERS, create=_create, update=_update, delete=_delete)
}
