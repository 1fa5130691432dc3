"""The demo's lakehouse with one more domain, whose quality tests decide upon."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import boto3

from lakehouse.batches.ingest import upload
from lakehouse.contracts.model import Contract
from lakehouse.names import Urgency
from local.lake import Lake
from tests.support.airflow.airflow_home import Airflow

Found = TypeVar("Found")

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: shipping-{dataset}
version: 1.0.0
status: active
domain: shipping
servers: [{{server: depot, type: s3, location: "s3://depot.example.com/", format: csv, delimiter: ","}}]
customProperties: [{{property: ingest, value: append}}, {{property: deduplicate, value: key}}]
schema:
  - name: {dataset}
    properties:
      - {{name: id, logicalType: integer, primaryKey: true}}
      - {{name: parcel_id, logicalType: integer, relationships: [{to}]}}
    quality:
      - {{name: enough, metric: rowCount, mustBeGreaterThan: {least}}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A deployed lakehouse whose sources have delivered, and an Airflow that works on it."""

    airflow: Airflow
    lake: Lake
    contracts: list[Contract]

    def contract(self, dataset: str) -> Contract:
        return next(contract for contract in self.contracts if contract.dataset == dataset)

    def run(self, dag_id: str, *, state: str, attributes: Sequence[tuple[str, str, Any]] = ()) -> dict[str, str]:
        """Run a DAG, which must end so.

        Args:
            dag_id: the DAG.
            state: how it must end.
            attributes: set before: task, name, value.

        Returns:
            how each of its tasks ended.
        """
        found = self.airflow.run("run_dag.py", str(self.airflow.dags), dag_id, json.dumps(attributes))
        assert found["state"] == state, found
        tasks: dict[str, str] = found["tasks"]
        return tasks

    def send(self, dataset: str, *rows: str) -> None:
        """Put one file of a shipping dataset into stage."""
        file = self.airflow.home / f"{dataset}.csv"
        file.write_text("\n".join(["id,parcel_id", *rows, ""]))
        contract, now = self.contract(dataset), datetime.now(UTC)
        upload(boto3.client("s3"), [file], names=self.lake.names, contract=contract, arrived_at=now)


def add_shipping(contracts: Path) -> None:
    """Add parcels, of which there must be more than 2, scans of parcels, and carriers."""
    (contracts / "shipping").mkdir()
    for dataset, to, least in (("parcels", "", 2), ("scans", "{to: parcels.id}", 0), ("carriers", "", 0)):
        text = CONTRACT.format(dataset=dataset, to=to, least=least)
        (contracts / "shipping" / f"{dataset}.odcs.yaml").write_text(text)


def eventually(find: Callable[[], Found | None], *, within: float = 180) -> Found:
    """What a function finds once it finds something.

    Args:
        find: asked again and again.
        within: seconds after which it is a failure.
    """
    deadline = time.monotonic() + within
    while not (found := find()):
        assert time.monotonic() < deadline, f"not within {within:.0f} s"
        time.sleep(0.1)
    return found


def subscribe(lake: Lake) -> str:
    """A queue of everything that is told to people from now on; its URL."""
    names, sqs = lake.names, boto3.client("sqs")
    queue = sqs.create_queue(QueueName="told-to-people")["QueueUrl"]
    topic = f"arn:aws:sns:{names.region}:{names.account}:{names.alerts_topic(Urgency.CRITICAL)}"
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return queue


def told(queue: str) -> list[tuple[str, str]]:
    """Subject and text of each notice since the last call."""
    sqs = boto3.client("sqs")
    found = []
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            body = json.loads(message["Body"])
            found.append((body["Subject"], body["Message"]))
    return found
