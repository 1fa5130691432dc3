"""A lakehouse of a club that Zebedee, 7, came to and left."""

import gzip
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog import Catalog

from emulator.runtime.server_lifecycle import Server
from lakehouse.contracts.loader import load_contracts
from lakehouse.contracts.model import Contract
from lakehouse.erasure import erase, scan
from lakehouse.erasure.erase import Plan
from lakehouse.erasure.proof import Erasure
from lakehouse.erasure.subject import Trait, subject_of_key
from lakehouse.erasure.versions import versions
from lakehouse.moves import raw_to_integration, stage_to_raw
from lakehouse.names import Move, Names, Zone
from lakehouse.tables import definition
from tests.support.moves.jobs import deployment, job_on
from tests.support.moves.planned import plan_batch

HEAD = """apiVersion: v3.1.0
kind: DataContract
id: {dataset}
version: 1.0.0
status: active
domain: club
description: {{purpose: To forget.}}
servers: [{{server: club, type: s3, location: "s3://club.example.com/", format: {format}}}]
customProperties: [{{property: ingest, value: {ingest}}}]
schema:
  - name: {dataset}
    properties:
"""
PEOPLE = (
    HEAD.format(dataset="people", format="csv", ingest="snapshot")
    + """\
      - {name: person_id, logicalType: integer, primaryKey: true}
      - {name: name, logicalType: string}
      - {name: age, logicalType: integer}
"""
)
VISITS = (
    HEAD.format(dataset="visits", format="jsonl", ingest="append")
    + """\
      - {name: visit_id, logicalType: integer, primaryKey: true}
      - {name: person, logicalType: integer, relationships: [{to: people.person_id}]}
      - {name: said, logicalType: string}
      - {name: host, logicalType: integer, relationships: [{to: people.person_id}]}
"""
)
CAKES = (
    HEAD.format(dataset="cakes", format="parquet", ingest="append")
    + """\
      - {name: cake_id, logicalType: integer, primaryKey: true}
      - {name: visit, logicalType: integer, relationships: [{to: visits.visit_id}]}
      - {name: taste, logicalType: string}
"""
)
ZEBEDEE = [(Trait(names=frozenset({"name"}), texts=frozenset({"Zebedee"})),)]
"""What is in each of his records, and in nobody else's."""


class Club:
    """A deployment in which Zebedee, 7, came and went."""

    def __init__(self, names: Names, folder: Path) -> None:
        self.names = names
        self.s3: Any = boto3.client("s3")
        (folder / "club").mkdir(parents=True)
        for dataset, text in (("people", PEOPLE), ("visits", VISITS), ("cakes", CAKES)):
            (folder / "club" / f"{dataset}.odcs.yaml").write_text(text)
        self.contracts = load_contracts(folder)
        self.jobs = {contract.dataset: job_on(contract, names=names) for contract in self.contracts}
        self.built: list[Sequence[str]] = []

    @property
    def catalog(self) -> Catalog:
        return self.jobs["people"].catalog

    def contract(self, dataset: str) -> Contract:
        return self.jobs[dataset].contract

    def put(self, dataset: str, name: str, body: bytes) -> None:
        key = f"{self.contract(dataset).stage_prefix}{name}"
        self.s3.put_object(Bucket=self.names.bucket(Zone.STAGE), Key=key, Body=body)

    def load(self, dataset: str, name: str, body: bytes) -> str:
        self.put(dataset, name, body)
        batch = plan_batch(self.s3, names=self.names, contract=self.contract(dataset))
        assert batch is not None
        self.move(dataset, batch.batch_id)
        return batch.batch_id

    def move(self, dataset: str, batch_id: str) -> None:
        job = replace(self.jobs[dataset], batch_ids=(batch_id,), run_id=f"run of {batch_id}")
        stage_to_raw.run(job)
        raw_to_integration.run(replace(job, move=Move.RAW_TO_INTEGRATION))

    def plan(self, *, with_related: bool) -> Plan:
        subject = subject_of_key(self.contract("people"), ["7"])
        return erase.plan_erasure(
            self.s3, subject, self.contracts, with_related=with_related, catalog=self.catalog, names=self.names
        )

    def erase(self, planned: Plan) -> Erasure:
        return erase.run_erasure(
            self.s3, planned, self.contracts, catalog=self.catalog, names=self.names, build=self.built.append
        )

    def rows(self, dataset: str, zone: Zone) -> list[dict[str, Any]]:
        """Rows without the time, which another run of the same batch changes."""
        define = definition.raw if zone is Zone.RAW else definition.integration
        table = self.catalog.load_table(define(self.contract(dataset), names=self.names).name)
        rows = [row | {"_ingested_at": None} for row in table.scan().to_arrow().to_pylist()]
        return sorted(rows, key=str)

    def zebedees(self) -> list[str]:
        """Where he is, in any version of any object of any zone."""
        buckets = [*map(self.names.bucket, Zone), self.names.results_bucket]
        found = [version for bucket in buckets for version in versions(self.s3, bucket)]
        return [
            f"{version.uri} {version.version_id}"
            for version in found
            if scan.contains(self.s3.get_object(**version.request)["Body"].read(), ZEBEDEE)
        ]


def a_club(aws: Server, tmp_path: Path, project: str) -> Club:
    names = deployment(aws, project=project)
    s3: Any = boto3.client("s3")
    for bucket in (names.bucket(Zone.CURATED), names.results_bucket):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
    for bucket in (*map(names.bucket, Zone), names.results_bucket):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    club = Club(names, tmp_path / "contracts")
    club.load("people", "1.csv", b"person_id,name,age\n6,Ann,61\n7,Zebedee,77\n8,Cyd,7\n7,Zebedee Two,old\n")
    club.load("people", "2.csv", b"person_id,name,age\n6,Ann,62\n8,Cyd,8\n")  # he left: a tombstone
    visits = [
        {"visit_id": 1, "person": 7, "said": "Zebedee was here"},
        {"visit_id": 2, "person": 6, "said": "hello"},
    ]
    lines = "\n".join(map(json.dumps, visits)).encode()
    club.load("visits", "1.jsonl.gz", gzip.compress(lines))
    cakes = [(1, 1, "Zebedee's"), (2, 2, "plain"), (3, 2, "sweet")]
    file = io.BytesIO()
    pq.write_table(pa.table(dict(zip(("cake_id", "visit", "taste"), zip(*cakes, strict=True), strict=True))), file)
    club.load("cakes", "1.parquet", file.getvalue())
    s3.put_object(Bucket=names.results_bucket, Key="analysts/1.csv", Body=b'"person_id","name"\n"7","Zebedee"\n')
    s3.put_object(Bucket=names.bucket(Zone.CURATED), Key="old", Body=b"person_id,name\n7,Zebedee\n")
    s3.delete_object(Bucket=names.bucket(Zone.CURATED), Key="old")
    return club
