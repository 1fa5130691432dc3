"""Objects that arrive in stage, and attempts on their batches."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lakehouse.batches.attempts import SUCCEEDED, Attempt
from lakehouse.names import Move, Names, Zone

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NAMES = Names(environment="dev", account="123456789012", region="eu-central-1")
START = datetime(2026, 1, 1, tzinfo=UTC)


def arrive(s3: "S3Client", key: str, body: bytes = b"x") -> None:
    s3.put_object(Bucket=NAMES.bucket(Zone.STAGE), Key=f"sales/till/{key}", Body=body)


def attempt(batch_id: str, move: Move, *, at: int, state: str = SUCCEEDED, gate: str | None = None) -> Attempt:
    begun = START + timedelta(minutes=at)
    return Attempt(
        dataset="orders",
        batch_id=batch_id,
        move=move,
        state=state,
        started_at=begun,
        finished_at=begun + timedelta(seconds=30),
        run_id="jr_1",
        gate=gate,
    )
