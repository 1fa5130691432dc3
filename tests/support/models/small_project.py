"""A dbt project of three models in the folder of a test, with the macros, profile and publication of the real one.

`base` is read by `mart`; `other` reads nothing. `mart` has one row for each row of `base`, and a test of its own.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from pyiceberg.table import Table

from emulator.runtime.server_lifecycle import Server
from lakehouse.contracts.loader import load_contracts
from lakehouse.engine import athena, catalog
from lakehouse.names import Names, Zone
from lakehouse.operations import dbt
from lakehouse.tables import migrations, ops
from tests.support import lf_tags

REAL = Path(dbt.__file__).parents[2] / "models"
PYTHON = str(REAL.parent / ".venv-dbt" / "bin" / "python")
NODE = "config: {meta: {domain: sales, classification: internal}}"
SCHEMA = f"""
models:
  - name: base
    {NODE}
    description: The base.
    columns:
      - {{name: id, description: The key., data_tests: [unique]}}
      - {{name: amount, description: An amount., config: {{meta: {{classification: confidential}}}}}}
  - name: mart
    {NODE}
    description: The mart.
    columns:
      - {{name: id, description: The key., data_tests: [unique]}}
  - name: other
    {NODE}
    description: Something else.
    columns:
      - {{name: id, description: The key., data_tests: [unique]}}
"""
BASE = "select * from (values (1, 10), (2, 20)) as t (id, amount)"
MODELS = {"base": BASE, "mart": "select id, amount from {{ ref('base') }}", "other": "select 7 as id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The project, and the deployment that it builds in."""

    names: Names
    folder: Path

    @property
    def database(self) -> str:
        return self.names.database(Zone.CURATED)

    def write(self, model: str, sql: str) -> None:
        """Change the SQL of a model."""
        (self.folder / "zones" / "curated" / f"{model}.sql").write_text(sql)

    def describe(self, yaml: str) -> None:
        """Change the descriptions and tests of the models."""
        (self.folder / "zones" / "curated" / "models.yml").write_text(yaml)

    def build(self, *select: str, exactly: bool = False, target: str = "target") -> dict[str, str]:
        """Build; return what became of each model, and the status of each test."""
        os.environ.setdefault(dbt.PYTHON, PYTHON)
        nodes = dbt.build(self.names, project=self.folder, target=self.folder / target, select=select, exactly=exactly)
        return {node.name: node.publication.state if node.publication else node.status for node in nodes}

    def table(self, name: str) -> Table:
        return catalog.load().load_table((self.database, name))

    def tables(self) -> set[str]:
        """Names of all tables of curated."""
        pages = boto3.client("glue").get_paginator("get_tables").paginate(DatabaseName=self.database)
        return {table["Name"] for page in pages for table in page["TableList"]}

    def entry(self, name: str) -> dict[str, Any]:
        return dict(boto3.client("glue").get_table(DatabaseName=self.database, Name=name)["Table"])

    def rows(self, name: str, *, suffix: str = "") -> list[tuple[str | None, ...]]:
        """Rows of a table as Athena reads them, sorted."""
        sql = f'select * from "{name}" {suffix}'
        found = athena.query(boto3.client("athena"), sql, names=self.names, database=self.database).rows
        return sorted(found, key=str)


def deploy(aws: Server, *, project: str) -> Names:
    """Make the buckets, databases, workgroups and tags of a deployment of its own, without a table."""
    names = Names(project=project, environment="dev", account=aws.account, region=aws.region)
    s3, glue = boto3.client("s3"), boto3.client("glue")
    for bucket in (names.results_bucket, names.scripts_bucket, *(names.bucket(zone) for zone in Zone)):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
    for database in (names.ops_database, *(names.database(zone) for zone in Zone if zone is not Zone.STAGE)):
        glue.create_database(DatabaseInput={"Name": database})
    for workgroup in (names.workgroup, names.dbt_workgroup):
        boto3.client("athena").create_work_group(
            Name=workgroup, Configuration={"ResultConfiguration": {"OutputLocation": names.results_uri(workgroup)}}
        )
    lf_tags.make(load_contracts(REAL.parent / "contracts"))
    return names


def make(aws: Server, folder: Path, *, project: str) -> Project:
    """Make a deployment of its own, and the project in a folder."""
    names = deploy(aws, project=project)
    for definition in ops.definitions(names=names):
        migrations.create(catalog.load(), definition)
    here = folder / "models"
    shutil.copytree(
        REAL, here, ignore=shutil.ignore_patterns("target", "logs", "__pycache__", "zones", "metrics", "*tests")
    )
    (here / "zones" / "curated").mkdir(parents=True)
    (here / "zones" / "integration").mkdir()
    for tests in ("tests", "unit_tests"):
        (here / tests).mkdir()
    made = Project(names=names, folder=here)
    for name, sql in MODELS.items():
        made.write(name, sql)
    made.describe(SCHEMA)
    return made
