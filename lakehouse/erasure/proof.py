"""The proof of an erasure: a report in S3 and a row in `ops.erasures`. Neither of them contains the key."""

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lakehouse.names import Names, Zone
from lakehouse.tables import rows
from lakehouse.tables.rows import ErasureRow

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from pyiceberg.catalog import Catalog

    from lakehouse.erasure.subject import Subject

COMPLETE, INCOMPLETE = "complete", "incomplete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An object in which the person was found, and what to do about it."""

    uri: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """The result of one erasure and of its scan.

    Attributes:
        erasure_id: UUID of the erasure.
        dataset: dataset whose key names the person.
        key_hash: SHA-256 of salt, dataset and key; anyone with the key can verify that the erasure was about it.
        salt: random text that is hashed with the key.
        started_at, finished_at: times in UTC.
        datasets: datasets from which records were erased.
        kept: datasets that refer to the person and were not changed.
        stage_records: number of records removed from stage objects.
        rows: number of rows removed from raw and integration.
        versions: number of deleted objects and object versions.
        scanned: number of objects and object versions that the scan read.
        found: objects that still contain the person and should not.
        retained: URIs of objects that contain the person because of the kept datasets.
    """

    erasure_id: str
    dataset: str
    key_hash: str
    salt: str
    started_at: datetime
    finished_at: datetime
    datasets: tuple[str, ...]
    kept: tuple[str, ...] = ()
    stage_records: int = 0
    rows: int = 0
    versions: int = 0
    scanned: int = 0
    found: tuple[Finding, ...] = ()
    retained: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """`complete` if the scan found nothing that should be gone, else `incomplete`."""
        return INCOMPLETE if self.found else COMPLETE


def hash_of(subject: "Subject", *, salt: str) -> str:
    """Return the SHA-256 of salt, dataset and key, for `key_hash`."""
    key = [[sorted(trait.names), sorted(trait.texts)] for trait in subject.traits]
    return hashlib.sha256(json.dumps([salt, subject.contract.dataset, key]).encode()).hexdigest()


def new_salt() -> str:
    """Return a random salt of 32 hexadecimal digits."""
    return secrets.token_hex(16)


def write(s3: "S3Client", catalog: "Catalog", erasure: Erasure, *, names: Names) -> str:
    """Write the proof to S3 and its row to `ops.erasures`; return the URI of the proof."""
    key = names.erasure_key(erasure_id=erasure.erasure_id)
    uri = f"s3://{names.bucket(Zone.RAW)}/{key}"
    proof = json.dumps(asdict(erasure) | {"state": erasure.state}, indent=1, default=str)
    s3.put_object(Bucket=names.bucket(Zone.RAW), Key=key, Body=proof.encode(), ContentType="application/json")
    row = ErasureRow(
        erasure_id=erasure.erasure_id,
        dataset=erasure.dataset,
        key_hash=erasure.key_hash,
        salt=erasure.salt,
        started_at=erasure.started_at,
        finished_at=erasure.finished_at,
        state=erasure.state,
        stage_records=erasure.stage_records,
        rows=erasure.rows,
        versions=erasure.versions,
        scanned=erasure.scanned,
        found=len(erasure.found),
        report=uri,
    )
    rows.append(catalog, [row], names=names)
    return uri
