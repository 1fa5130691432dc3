"""The index of batches of a dataset: which objects of stage are in batches, so that planning reads no old manifest.

Manifests are the truth. An index states what the manifests up to a number contain of one range of stage; a planner
reads the later manifests itself. So an old index is still right, and a lost or damaged one is made again from the
manifests. A dataset has at most two:

- `recent` covers all keys, or only those after `after` if the keys of a large dataset grow with time,
- `all` covers all keys of such a dataset; it is read when all objects are listed.
"""

import hashlib
import json
import logging
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from botocore.exceptions import ClientError

from lakehouse.batches.manifests import StageObject
from lakehouse.names import Names, Zone

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

DIGITS = 22
"""Characters of a digest: 132 bits in base64, so that no two of a dataset's objects are equal."""

NEVER = datetime.min.replace(tzinfo=UTC)


class Part(StrEnum):
    """A part of the index of a dataset."""

    RECENT = "recent"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """What the manifests up to a number contain of the objects of a dataset that are in stage.

    Attributes:
        prefix: stage prefix of the dataset.
        after: the index covers the keys after this one; all keys if it is empty.
        through: number of the last batch in the index; 0 for none.
        listed_at: when all objects of the dataset were last listed.
        objects: digest of each object version that it covers, that is in stage and in one of these batches.
    """

    prefix: str
    after: str = ""
    through: int = 0
    listed_at: datetime = NEVER
    objects: frozenset[str] = frozenset()


def digest(stage_object: StageObject) -> str:
    """Return what stands for an object version in an index, which may have a million of them."""
    identity = "\0".join((stage_object.key, stage_object.version_id or "", stage_object.etag))
    return urlsafe_b64encode(hashlib.sha256(identity.encode()).digest())[:DIGITS].decode()


class Stored(NamedTuple):
    """A part of an index as it is stored, and the condition under which it still is."""

    content: Index
    condition: "WriteCondition"


class WriteCondition(TypedDict, total=False):
    """Condition of a put. Source: Amazon S3 user guide, "Conditional writes"."""

    IfMatch: str
    IfNoneMatch: str


def read(s3: "S3Client", part: Part, *, names: Names, dataset: str, prefix: str) -> Stored:
    """Return a part of a dataset's index; an empty index if there is none that can be used."""
    empty = Index(prefix=prefix)
    try:
        answer = s3.get_object(Bucket=names.bucket(Zone.RAW), Key=names.batch_index_key(dataset=dataset, part=part))
    except s3.exceptions.NoSuchKey:
        return Stored(empty, {"IfNoneMatch": "*"})
    condition: WriteCondition = {"IfMatch": answer["ETag"]}
    try:
        stored = json.loads(answer["Body"].read())
        index = Index(
            prefix=str(stored["prefix"]),
            after=str(stored["after"]),
            through=int(stored["through"]),
            listed_at=datetime.fromisoformat(stored["listed_at"]).astimezone(UTC),
            objects=frozenset(_digests(stored["objects"])),
        )
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        log.warning("%s: the index of batches (%s) is damaged and is made again: %s", dataset, part, error)
        return Stored(empty, condition)
    if index.prefix != prefix:
        log.warning("%s: the index of batches (%s) is made again: it is of %s", dataset, part, index.prefix)
        return Stored(empty, condition)
    return Stored(index, condition)


def _digests(stored: object) -> list[str]:
    if isinstance(stored, list) and all(isinstance(one, str) and len(one) == DIGITS for one in stored):
        return stored
    raise ValueError(f"expected a list of texts with {DIGITS} characters")


def put(
    s3: "S3Client", part: Part, index: Index, *, names: Names, dataset: str, condition: WriteCondition | None = None
) -> bool:
    """Write a part of a dataset's index and return True, or return False if the condition no longer holds."""
    stored = {
        "prefix": index.prefix,
        "after": index.after,
        "through": index.through,
        "listed_at": index.listed_at.isoformat(),
        "objects": sorted(index.objects),
    }
    try:
        s3.put_object(
            Bucket=names.bucket(Zone.RAW),
            Key=names.batch_index_key(dataset=dataset, part=part),
            Body=json.dumps(stored).encode(),
            ContentType="application/json",
            **(condition or {}),
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"):
            return False
        raise
    return True


def list_all_next(s3: "S3Client", *, names: Names, dataset: str, prefix: str) -> None:
    """Have the next planner list all objects of a dataset, because some arrived whose keys may not be the last ones."""
    while True:
        recent, condition = read(s3, Part.RECENT, names=names, dataset=dataset, prefix=prefix)
        asked = replace(recent, listed_at=NEVER)
        if not recent.after or put(s3, Part.RECENT, asked, names=names, dataset=dataset, condition=condition):
            return
