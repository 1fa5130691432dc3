"""Pull new records of an API to stage: its pages unchanged, and then the manifest that makes them a batch."""

import argparse
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3

from lakehouse.apis import client
from lakehouse.apis.page import Page
from lakehouse.batches import pulls
from lakehouse.batches.manifests import PULLS, StageObject
from lakehouse.contracts.api_cursor import order
from lakehouse.contracts.loader import load_active
from lakehouse.contracts.model import Contract
from lakehouse.engine import aws_retries, tracing
from lakehouse.errors import LakehouseError
from lakehouse.names import Names, Zone
from lakehouse.settings import names_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """The result of a pull.

    Attributes:
        batch_id: None if nothing was new, or if another pull committed the pages meanwhile.
        since: cursor at which the pull began.
        cursor: cursor at which the next pull begins.
        pages: number of pages in stage.
        records: number of records in them, new or repeated.
    """

    batch_id: str | None
    since: str | None
    cursor: str | None
    pages: int
    records: int


def main(arguments: list[str] | None = None) -> None:
    """Pull one dataset.

    Args:
        arguments: arguments of the Glue job run; those of the process by default.

    Raises:
        LakehouseError: the dataset has no active contract, or its source is not an API.
    """
    parser = argparse.ArgumentParser(description="Pull new records of one dataset's API to stage.")
    parser.add_argument("--environment", required=True)
    parser.add_argument("--contracts", required=True, help="folder or s3:// prefix of the active contracts")
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--JOB_RUN_ID", default="by-hand", help="Glue's id of this run")
    options, _ = parser.parse_known_args(arguments)
    tracing.log_to_output(options.JOB_RUN_ID)
    aws_retries.configure()
    contract = load_active(options.contracts, dataset=options.dataset)
    names = names_of(options.environment)
    secret = secret_of(boto3.client("secretsmanager"), contract, names=names)
    pulled = pull(boto3.client("s3"), contract, names=names, secret=secret)
    log.info("%s: %s", contract.dataset, pulled)


def secret_of(client: "SecretsManagerClient", contract: Contract, *, names: Names) -> Mapping[str, str]:
    """Return `url` and `token` of a source's secret."""
    value = client.get_secret_value(SecretId=names.source_secret(source=contract.source.name))["SecretString"]
    secret: Mapping[str, str] = json.loads(value)
    return secret


def pull(
    s3: "S3Client",
    contract: Contract,
    *,
    names: Names,
    secret: Mapping[str, str],
    retries: client.Retries | None = None,
) -> Pulled:
    """Pull the records that are new since the last pull.

    Args:
        s3: S3 client.
        contract: a dataset whose source is an API.
        names: names of the deployment.
        secret: `url`, "" for that of the contract, and `token`, "" for none.
        retries: how often a request is retried.

    Raises:
        LakehouseError: the source is not an API, or the API refuses a request.
    """
    api = contract.source.api
    if api is None:
        raise LakehouseError(f"{contract.dataset}: its source has type {contract.source.type}, only an API is pulled")
    previous = pulls.last(s3, names=names, dataset=contract.dataset)
    since = previous.cursor if previous else None
    if since is None and api.incremental:
        since = api.incremental.start
    now = datetime.now(UTC)
    folder = f"{contract.stage_prefix}{PULLS}{now:%Y/%m/%d/%H%M%S%f}/"
    cursor, written, records = since, list[StageObject](), 0
    previous_digests = _digests(previous.objects) if previous else []
    try:
        for page in client.pages(
            contract.source, url=secret.get("url", ""), token=secret.get("token", ""), since=since, retries=retries
        ):
            # A pull of the whole state needs every page; an incremental one can skip pages of the previous pull.
            if not page.records or (api.incremental and page.digest in previous_digests):
                continue
            key = f"{folder}{len(written) + 1:05}-{page.digest}.{contract.source.format}"
            written.append(_write(s3, page, names=names, key=key))
            records += len(page.records)
            cursor = _greatest(contract, page, cursor, now=now)
    except Exception as error:
        error.add_note(
            f"{contract.dataset}: the pull since {since} failed on page {len(written) + 1}. No batch was written and "
            f"the cursor is unchanged. Fix the cause, then run `lakehouse pull {contract.dataset}`."
        )
        raise
    batch = None
    if written and _digests(written) != previous_digests:
        batch = pulls.commit(s3, names=names, dataset=contract.dataset, after=previous, pages=written, cursor=cursor)
    pulls.record_end(s3, names=names, dataset=contract.dataset, at=datetime.now(UTC))
    batch_id = batch.batch_id if batch else None
    return Pulled(batch_id=batch_id, since=since, cursor=cursor, pages=len(written), records=records)


def _write(s3: "S3Client", page: Page, *, names: Names, key: str) -> StageObject:
    """Write the body of a page to stage."""
    bucket = names.bucket(Zone.STAGE)
    put = s3.put_object(Bucket=bucket, Key=key, Body=page.body, ContentType="application/json")
    return StageObject(
        bucket=bucket,
        key=key,
        etag=put["ETag"].strip('"'),
        version_id=put.get("VersionId"),
        size=len(page.body),
    )


def _digests(pages: Sequence[StageObject]) -> list[str]:
    """Return the digests in the keys of pages; an API without new records may send the previous pages again."""
    return [page.key.rpartition("-")[2].partition(".")[0] for page in pages]


def _greatest(contract: Contract, page: Page, cursor: str | None, *, now: datetime) -> str | None:
    """Return the greatest of a cursor and the values of its column in a page, as the API wrote it."""
    assert contract.source.api is not None
    incremental = contract.source.api.incremental
    if incremental is None:
        return None
    column = contract.column(incremental.column)
    values = [record.get(column.source_name) for record in page.records if isinstance(record, dict)]
    ordered = ((order(value, column.type, now=now), str(value)) for value in (cursor, *values))
    return max((pair for pair in ordered if pair[0] is not None), default=(None, None))[1]
