"""Pull what is new of an API to stage: its pages as they came, and then the manifest that makes them a batch."""

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
from lakehouse.contracts.loader import load_contracts
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
    """What a pull brought.

    Args:
        batch_id: None when there was nothing new, or another pull brought it meanwhile.
        since, cursor: where it began, and where the next one will.
        pages, records: how many it landed; a record may be one that was there before.
    """

    batch_id: str | None
    since: str | None
    cursor: str | None
    pages: int
    records: int


def main(arguments: list[str] | None = None) -> None:
    """Pull one dataset, as the arguments of its Glue job say.

    Raises:
        LakehouseError: the dataset has no contract in force, or none of an API.
    """
    parser = argparse.ArgumentParser(description="Pull what is new of one dataset's API to stage.")
    parser.add_argument("--environment", required=True)
    parser.add_argument("--contracts", required=True, help="folder or s3:// prefix of the contracts in force")
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--JOB_RUN_ID", default="by-hand", help="Glue's id of this run")
    given, _ = parser.parse_known_args(arguments)
    tracing.log_to_output(given.JOB_RUN_ID)
    aws_retries.configure()
    contracts = {contract.dataset: contract for contract in load_contracts(given.contracts)}
    if given.dataset not in contracts:
        raise LakehouseError(f"{given.dataset}: no contract in force under {given.contracts}; `lakehouse tables apply`")
    contract = contracts[given.dataset]
    names = names_of(given.environment)
    secret = secret_of(boto3.client("secretsmanager"), contract, names=names)
    pulled = pull(boto3.client("s3"), contract, names=names, secret=secret)
    log.info("%s: %s", contract.dataset, pulled)


def secret_of(client: "SecretsManagerClient", contract: Contract, *, names: Names) -> Mapping[str, str]:
    """What a source's secret says: `url` and `token`."""
    value = client.get_secret_value(SecretId=names.source_secret(source=contract.source.name))["SecretString"]
    secret: Mapping[str, str] = json.loads(value)
    return secret


def pull(
    s3: "S3Client",
    contract: Contract,
    *,
    names: Names,
    secret: Mapping[str, str],
    patience: client.Patience | None = None,
) -> Pulled:
    """Pull what is new.

    Args:
        s3: S3 client.
        contract: of a dataset whose source is an API.
        names: names of the deployment.
        secret: `url`, "" for the contract's own, and `token`, "" for none.
        patience: how long a request is tried.

    Raises:
        LakehouseError: the dataset comes from elsewhere, or the API refuses.
    """
    api = contract.source.api
    if api is None:
        raise LakehouseError(f"{contract.dataset} comes from a source of type {contract.source.type}: nothing to pull")
    before = pulls.last(s3, names=names, dataset=contract.dataset)
    since = before.cursor if before else None
    if since is None and api.incremental:
        since = api.incremental.start
    now = datetime.now(UTC)
    folder = f"{contract.stage_prefix}{PULLS}{now:%Y/%m/%d/%H%M%S%f}/"
    cursor, landed, records = since, list[StageObject](), 0
    had = _content(before.objects) if before else []
    try:
        for page in client.pages(
            contract.source, url=secret.get("url", ""), token=secret.get("token", ""), since=since, patience=patience
        ):
            if not page.records or (api.incremental and page.digest in had):
                continue  # nothing, or what the pull before brought; only a whole state needs every page each time
            key = f"{folder}{len(landed) + 1:05}-{page.digest}.{contract.source.format}"
            landed.append(_land(s3, page, names=names, key=key))
            records += len(page.records)
            cursor = _greatest(contract, page, cursor, now=now)
    except Exception as error:
        error.add_note(f"{contract.dataset}: pulling since {since} failed on page {len(landed) + 1}; none of it counts")
        raise
    batch = None
    if landed and _content(landed) != had:
        batch = pulls.commit(s3, names=names, dataset=contract.dataset, after=before, pages=landed, cursor=cursor)
    pulls.note(s3, names=names, dataset=contract.dataset, at=datetime.now(UTC))
    batch_id = batch.batch_id if batch else None
    return Pulled(batch_id=batch_id, since=since, cursor=cursor, pages=len(landed), records=records)


def _land(s3: "S3Client", page: Page, *, names: Names, key: str) -> StageObject:
    bucket = names.bucket(Zone.STAGE)
    put = s3.put_object(Bucket=bucket, Key=key, Body=page.body, ContentType="application/json")
    return StageObject(
        bucket=bucket,
        key=key,
        etag=put["ETag"].strip('"'),
        version_id=put.get("VersionId"),
        size=len(page.body),
    )


def _content(objects: Sequence[StageObject]) -> list[str]:
    """Digests of pages, from their names: an API that has nothing new may answer as it did the last time."""
    return [item.key.rpartition("-")[2].partition(".")[0] for item in objects]


def _greatest(contract: Contract, page: Page, cursor: str | None, *, now: datetime) -> str | None:
    """The greatest of a cursor and the values of its column in a page, each as it was written."""
    assert contract.source.api is not None
    incremental = contract.source.api.incremental
    if incremental is None:
        return None
    column = contract.column(incremental.column)
    values = [record.get(column.source_name) for record in page.records if isinstance(record, dict)]
    ordered = ((order(value, column.type, now=now), str(value)) for value in (cursor, *values))
    return max((pair for pair in ordered if pair[0] is not None), default=(None, None))[1]
