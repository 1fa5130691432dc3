"""What remains of an erasure: a proof in S3 and a row in `ops.erasures`, neither of which says who it was."""

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass, field
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
class Place:
    """An object in which a person was found: its URI, and why and what to do."""

    uri: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What an erasure did and what its scan found.

    Args:
        key_hash: SHA-256 of salt, dataset and key: who knows the key can tell that it was this person.
        datasets: whose records were erased.
        kept: datasets that refer to the person and were left as they are.
        stage_records: records taken out of stage objects.
        rows: rows removed from raw and integration.
        versions: objects and versions of objects deleted.
        scanned: objects and versions that were read.
        found: where the person was found after all was done, and should not have been.
        retained: URIs in which the person is because datasets were left as they are.
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
    found: tuple[Place, ...] = ()
    retained: tuple[str, ...] = field(default=())

    @property
    def state(self) -> str:
        return INCOMPLETE if self.found else COMPLETE


def hash_of(subject: "Subject", *, salt: str) -> str:
    """SHA-256 of salt, dataset and key, as `key_hash` has it."""
    key = [[sorted(trait.names), sorted(trait.texts)] for trait in subject.traits]
    return hashlib.sha256(json.dumps([salt, subject.contract.dataset, key]).encode()).hexdigest()


def new_salt() -> str:
    return secrets.token_hex(16)


def write(s3: "S3Client", catalog: "Catalog", erasure: Erasure, *, names: Names) -> str:
    """Write the proof and its row; returns the proof's URI."""
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
