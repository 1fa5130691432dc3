"""One measurement of the benchmark of scale, in a process of its own: `python -m benchmarks.scale_rows ROW N`.

The last line that it prints is a JSON object of the figures, by the names that `benchmarks.scale` has for them.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import boto3
from moto import mock_aws

from lakehouse.contracts.loader import load_contracts
from lakehouse.names import Names, Zone
from tests.support import moto_glue
from tests.support.scale import datasets
from tests.support.scale.calls import counted

NAMES = Names(environment="dev", account=moto_glue.ACCOUNT, region=moto_glue.REGION)
Figures = dict[str, float]

BACKLOG = 100
"""Batches that wait to be planned."""


def contracts_check(count: int, folder: Path) -> Figures:
    from lakehouse.contracts.check import check

    datasets.write(folder, count)
    before = time.process_time()
    assert not check(folder)
    return {"contracts check, s": time.process_time() - before}


def dag_bundle(count: int, folder: Path) -> Figures:
    """Without dbt's parse of the models, which does not depend on the contracts."""
    from dags.plan import save
    from dags.planning import plans

    datasets.write(folder, count)
    before = time.process_time()
    for plan in plans(folder, []):
        save(plan, folder / f"{plan.domain}.json")
    return {"DAG bundle, s": time.process_time() - before}


def synth(count: int, folder: Path) -> Figures:
    """Of the limits of AWS, only what grows with datasets counts: it is compared with the templates of twenty,
    which have every kind of source."""
    from stacks.settings import Profile
    from tests.support.scale.measures import bar

    figures = dict.fromkeys(("resources of a stack", "KB of a template", "share of a bar, %"), 0.0)
    for profile in Profile:
        few, used = (_measures(number, profile, folder / f"{profile}-{number}") for number in (20, count))
        shares = [
            100 * amount / bar(limit)
            for limit in used
            for at, amount in used[limit].items()
            if amount > few[limit].get(at, 0)
        ]
        most = {
            "resources of a stack": max(used["stack_resources"].values()),
            "KB of a template": max(used["template_bytes"].values()) / 1000,
            "share of a bar, %": max(shares, default=0),
        }
        figures = {name: max(amount, most[name]) for name, amount in figures.items()}
    return figures


def _measures(count: int, profile: str, folder: Path) -> dict[str, dict[str, int]]:
    from aws_cdk import App

    from app import ROOT
    from stacks.lakehouse import add_lakehouse
    from stacks.settings import settings_of
    from tests.support.scale.measures import measures
    from tests.support.templates.assembly import Assembly
    from tests.support.templates.synthesis import CONTEXT

    contracts = load_contracts(datasets.write(folder / "contracts", count))
    app = App(context=CONTEXT, outdir=str(folder / "out"))
    add_lakehouse(app, names=NAMES, settings=settings_of("dev", profile=profile), contracts=contracts, root=ROOT)
    app.synth()
    return measures(Assembly(folder / "out"))


def tables_plan(count: int, folder: Path) -> Figures:
    """Of at most 50 datasets, that is 104 tables, for a thousand tables; a test holds that each costs the same."""
    from lakehouse.engine import catalog
    from lakehouse.tables import migrations

    contracts = load_contracts(datasets.write(folder, min(count, 50)))
    lake = _lake(NAMES)
    migrations.apply(lake, contracts, NAMES)
    before = time.process_time()
    assert migrations.plan(catalog.load(), contracts, NAMES) == []
    return {"tables plan, s for 1,000 tables": (time.process_time() - before) * 1000 / (2 * len(contracts) + 4)}


def idle_run(count: int, folder: Path) -> Figures:
    from lakehouse.operations.run import run_datasets
    from lakehouse.tables import migrations

    contracts = load_contracts(datasets.write(folder, count))
    lake = _lake(NAMES)
    migrations.apply(lake, [], NAMES)
    before = time.process_time()
    with counted() as calls:
        assert run_datasets(contracts, names=NAMES, catalog=lake, on_change=lambda run: None) == []
    return {"idle run, calls": sum(calls.values()), "idle run, s": time.process_time() - before}


def planning(count: int, folder: Path) -> Figures:
    """Plan a dataset whose objects are all in batches, as many batches as objects, and then a backlog.

    Each batch has an object, so there are as many objects in stage as batches.
    """
    from dataclasses import replace

    from lakehouse.batches import manifests, planning
    from lakehouse.batches.manifests import Batch, StageObject
    from lakehouse.batches.planning import plan_batches

    (contract,) = load_contracts(datasets.write(folder, 1, first=12))
    with mock_aws():
        s3 = _buckets(NAMES)
        bucket = NAMES.bucket(Zone.STAGE)
        now = datetime.now(UTC)
        batch = Batch(dataset=contract.dataset, batch_id="", objects=(), arrived_at=now, created_at=now)
        for number in range(1, count + 1):
            key = f"{contract.stage_prefix}{number:06d}.csv"
            put = s3.put_object(Bucket=bucket, Key=key, Body=b"x")
            etag, version = put["ETag"].strip('"'), put["VersionId"]
            taken = StageObject(bucket=bucket, key=key, etag=etag, version_id=version, size=1)
            batch = replace(batch, batch_id=f"{contract.dataset}-{number:08d}", objects=(taken,))
            assert manifests.put(s3, names=NAMES, batch=batch)
        assert not plan_batches(s3, names=NAMES, contract=contract).batches  # this makes the index
        with counted() as idle:
            assert not plan_batches(s3, names=NAMES, contract=contract).batches
        for number in range(BACKLOG):
            s3.put_object(Bucket=bucket, Key=f"{contract.stage_prefix}{count + number:06d}b.csv", Body=b"x")
        planning.BATCH_BYTES = 1
        with counted() as backlog:
            assert len(plan_batches(s3, names=NAMES, contract=contract).batches) == BACKLOG
    return {
        "plan with nothing waiting, calls": sum(idle.values()),
        "plan a backlog of 100 batches, calls": sum(backlog.values()),
    }


def _buckets(names: Names):  # type: ignore[no-untyped-def]
    s3 = boto3.client("s3", region_name=names.region)
    for bucket in (*(names.bucket(zone) for zone in Zone), names.scripts_bucket):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": names.region})
    s3.put_bucket_versioning(Bucket=names.bucket(Zone.STAGE), VersioningConfiguration={"Status": "Enabled"})
    return s3


def _lake(names: Names):  # type: ignore[no-untyped-def]
    """An empty lake on the server of the parent process."""
    from lakehouse.engine import catalog

    _buckets(names)
    lake = catalog.load()
    for database in (names.database(Zone.RAW), names.database(Zone.INTEGRATION), names.ops_database):
        lake.create_namespace(database)
    return lake


ROWS: dict[str, Callable[[int, Path], Figures]] = {
    row.__name__: row for row in (contracts_check, dag_bundle, synth, tables_plan, idle_run, planning)
}

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        sys.stdout.write(json.dumps(ROWS[sys.argv[1]](int(sys.argv[2]), Path(temporary))) + "\n")
