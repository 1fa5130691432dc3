"""What AWS's own images of Glue and Airflow need from outside, and what came of it (`.ci/official-images`).

python -m tests.support.official_images glue FOLDER     deploys dev on the emulator and plans a batch
python -m tests.support.official_images check FOLDER    fails unless both moves of that batch have succeeded
python -m tests.support.official_images mwaa FOLDER     an emulator with what the start-up script asks for, and the DAGs
python -m tests.support.official_images down FOLDER     stops the servers
"""

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3

from emulator.runtime import server_lifecycle
from lakehouse.batches import attempts
from lakehouse.contracts.loader import load_contracts
from lakehouse.engine import catalog
from lakehouse.engine.role_arns import role_arn
from lakehouse.names import Move, Names, Zone
from lakehouse.operations import dbt
from local import lake
from local.lake import Lake
from stacks.shared.job_code import build_wheel
from tests.support.airflow.airflow_home import bundle
from tests.support.moves.planned import plan_batch
from tests.support.repository import CONTRACTS, ROOT

DATASET = "store_sales"
RECORDS = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
734000,POST,POSTAGE,21,2026-02-23 08:00:00,18.00,17237.0,France
734000,84406B,CREAM CUPID HEARTS COAT HANGER,seven,2026-02-23 08:00:00,2.75,17237.0,France
"""
EXPECTED = (2, 1, 1)
"""Received, accepted and rejected records."""
REQUIREMENTS = "environment/dbt-requirements.txt"


def started(folder: Path) -> Lake:
    """The lakehouse of a folder, with this process as its root user."""
    found = lake.up(folder / "lake")
    os.environ |= {"AWS_ACCESS_KEY_ID": found.server.account, "AWS_SECRET_ACCESS_KEY": "local"}
    boto3.DEFAULT_SESSION = None
    return found


def prepare_glue(deployed: Lake, folder: Path) -> str:
    """Plan a batch and write what a run of each job needs; gives the id of the batch."""
    names = deployed.names
    [contract] = [item for item in load_contracts(CONTRACTS) if item.dataset == DATASET]
    s3: Any = boto3.client("s3")
    s3.put_object(Bucket=names.bucket(Zone.STAGE), Key=f"{contract.stage_prefix}first.csv", Body=RECORDS)
    batch = plan_batch(s3, names=names, contract=contract)
    assert batch is not None
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(build_wheel(ROOT), folder)
    write_environment(deployed, folder)
    for move in Move:
        defaults = boto3.client("glue").get_job(JobName=names.job(move))["Job"]["DefaultArguments"]
        given = {"--dataset": DATASET, "--batch_ids": batch.batch_id, "--JOB_RUN_ID": f"jr_{move}"}
        arguments = {name: value for name, value in defaults.items() if name != "--conf"} | given
        shutil.copy(ROOT / names.script_key(move), folder / f"{move}.py")
        settings = [*defaults["--conf"].split(" --conf "), *endpoint_settings(deployed)]
        (folder / f"{move}.conf").write_text("".join(f"{setting}\n" for setting in settings))
        pairs = [text for pair in arguments.items() for text in pair]
        (folder / f"{move}.arguments").write_text("".join(f"{text}\n" for text in pairs))
    (folder / "batch").write_text(batch.batch_id)
    return batch.batch_id


def endpoint_settings(deployed: Lake) -> list[str]:
    """Settings that lead Iceberg's clients to the emulator; all others are the job's own."""
    prefix, endpoint = "spark.sql.catalog.glue_catalog", deployed.server.endpoint
    return [
        f"{prefix}.glue.endpoint={endpoint}",
        f"{prefix}.s3.endpoint={endpoint}",
        f"{prefix}.s3.path-style-access=true",
        f"{prefix}.client.region={deployed.names.region}",
    ]


def write_environment(deployed: Lake, folder: Path) -> None:
    """Write the variables of a container, as `docker run --env-file` reads them."""
    variables = server_lifecycle.environment(deployed.server)
    variables |= {"AWS_ACCESS_KEY_ID": deployed.server.account, "AWS_SECRET_ACCESS_KEY": "local"}
    (folder / "environment").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))


def check_glue(deployed: Lake, folder: Path) -> None:
    """Fail unless both moves of the batch have succeeded with the right counts."""
    batch_id = (folder / "batch").read_text()
    recorded = attempts.read(catalog.load(), names=deployed.names, dataset=DATASET)
    found = [attempt for attempt in recorded if attempt.batch_id == batch_id]
    assert [(attempt.move, attempt.state) for attempt in found] == [(move, attempts.SUCCEEDED) for move in Move], found
    assert (found[0].received, found[0].accepted, found[0].rejected) == EXPECTED, found[0]


def prepare_mwaa(deployed: Lake, folder: Path) -> None:
    """Write the DAG folder and the exports, and make what the start-up script asks AWS for."""
    names = deployed.names
    folder.mkdir(parents=True, exist_ok=True)
    made = bundle(folder / "dags")
    assert made.returncode == 0, made.stderr
    write_environment(deployed, folder)
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in exports(names).items()]
    (folder / "exports.sh").write_text("#!/bin/sh\n" + "".join(lines))
    packages: Any = boto3.client("codeartifact")
    packages.create_domain(domain=names.packages_domain)
    s3: Any = boto3.client("s3")
    s3.create_bucket(Bucket=names.dags_bucket, CreateBucketConfiguration={"LocationConstraint": names.region})
    s3.put_object(Bucket=names.dags_bucket, Key=REQUIREMENTS, Body=(ROOT / "models/requirements.txt").read_bytes())


def exports(names: Names) -> Mapping[str, str]:
    """The variables that stacks/orchestration/airflow_content.py exports before the start-up script."""
    return dbt.environment(names) | {
        "LAKEHOUSE_ENV": names.environment,
        "LAKEHOUSE_BUCKET_DAGS": names.dags_bucket,
        "LAKEHOUSE_DBT_REQUIREMENTS": REQUIREMENTS,
        "LAKEHOUSE_DBT_ROLE": role_arn(names.dbt_role, names=names),
        "LAKEHOUSE_PACKAGES_DOMAIN": names.packages_domain,
        "LAKEHOUSE_PACKAGES_HOST": "localhost:9",  # nothing listens there
        "LAKEHOUSE_PACKAGES_REPOSITORY": names.packages_repository,
    }


def main() -> None:
    command, folder = sys.argv[1], Path(sys.argv[2]).resolve()
    match command:
        case "glue":
            deployed = started(folder)
            lake.deploy(deployed, load_contracts(CONTRACTS))
            prepare_glue(deployed, folder)
        case "check":
            check_glue(started(folder), folder)
        case "mwaa":
            prepare_mwaa(started(folder), folder)
        case "down":
            lake.down(folder / "lake")
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
