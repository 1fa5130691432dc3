"""Glue jobs: the repository's own scripts, the library as a wheel, and settings that say what runs."""

import os
import re
import shutil
import zipfile
from pathlib import Path

import pytest

import app as cdk_entry
from lakehouse.engine.session import CATALOG
from lakehouse.names import Fetch, Move, Names, Zone
from lakehouse.sizes import CAPACITIES, Size
from stacks.settings import ENVIRONMENTS
from stacks.shared.job_code import build_wheel
from tests.support.templates.assembly import Assembly, Json, text

DEV = ENVIRONMENTS["dev"]


@pytest.fixture(scope="module")
def jobs(assembly: Assembly, names: Names) -> dict[Move, Json]:
    by_name = assembly.named("AWS::Glue::Job", "Name")
    assert by_name.keys() == {names.job(job) for job in (*Move, *Fetch)}
    return {move: by_name[names.job(move)] for move in Move}


def uploaded(location: object) -> str:
    """Key in the bootstrap bucket of an object that a template names."""
    prefix = "s3://cdk-hnb659fds-assets-123456789012-eu-central-1/"
    assert text(location).startswith(prefix)
    return text(location).removeprefix(prefix)


@pytest.mark.parametrize("move", Move)
def test_a_job_runs_the_repositorys_script(
    assembly: Assembly, jobs: dict[Move, Json], names: Names, move: Move
) -> None:
    command = jobs[move]["Command"]
    assert (command["Name"], command["PythonVersion"]) == ("glueetl", "3")
    key = uploaded(command["ScriptLocation"])
    source = cdk_entry.ROOT / names.script_key(move)
    assert key.endswith(f"/{source.name}")
    assert assembly.assets[key].read_bytes() == source.read_bytes()


@pytest.mark.parametrize("move", Move)
def test_a_job_installs_the_library_with_its_requirements(
    assembly: Assembly, jobs: dict[Move, Json], move: Move
) -> None:
    key = uploaded(jobs[move]["DefaultArguments"]["--additional-python-modules"])
    # pip reads name, version and tags from the file's name and refuses any other.
    assert re.search(r"/lakehouse-[0-9.]+-py3-none-any\.whl$", key)
    with zipfile.ZipFile(assembly.assets[key]) as wheel:
        files = set(wheel.namelist())
        [metadata] = [wheel.read(name).decode() for name in files if name.endswith("/METADATA")]
    library = cdk_entry.ROOT / "lakehouse"
    assert {str(path.relative_to(cdk_entry.ROOT)) for path in library.rglob("*.py")} <= files
    assert {name.partition("/")[0] for name in files if not name.startswith("lakehouse/")} == {
        key.rpartition("/")[2].removesuffix("-py3-none-any.whl") + ".dist-info"
    }
    assert re.search(r"^Requires-Dist: pyarrow==[0-9.]+$", metadata, re.MULTILINE)


def test_equal_sources_give_an_equal_wheel(tmp_path: Path) -> None:
    wheels = []
    for copy in (tmp_path / "one", tmp_path / "other"):
        shutil.copytree(cdk_entry.ROOT / "lakehouse", copy / "lakehouse", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "README.md"):
            shutil.copy(cdk_entry.ROOT / name, copy)
        wheels.append(build_wheel(copy).read_bytes())
        # What a build or an import leaves behind is no source, and a time is no content.
        (copy / "lakehouse" / "__pycache__").mkdir()
        (copy / "lakehouse" / "__pycache__" / "names.pyc").touch()
        os.utime(copy / "lakehouse" / "names.py", (0, 0))
        wheels.append(build_wheel(copy).read_bytes())
    assert len(set(wheels)) == 1


@pytest.mark.parametrize("move", Move)
def test_a_job_says_what_it_is_for_and_what_it_runs_on(jobs: dict[Move, Json], names: Names, move: Move) -> None:
    job = jobs[move]
    arguments = job["DefaultArguments"]
    assert arguments["--environment"] == names.environment
    assert text(arguments["--contracts"]) == names.contracts_uri
    assert job["GlueVersion"] in ("5.1", "6.0")
    assert {name: job[name] for name in CAPACITIES[Size.SMALL]} == CAPACITIES[Size.SMALL]
    assert (job["ExecutionClass"], job["MaxRetries"]) == ("FLEX", DEV.jobs.retries)
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": DEV.jobs.max_concurrent_runs}
    for switch in ("auto-scaling", "metrics", "observability-metrics", "continuous-cloudwatch-log"):
        assert arguments[f"--enable-{switch}"] == "true"


@pytest.mark.parametrize(("move", "zone"), [(Move.STAGE_TO_RAW, Zone.RAW), (Move.RAW_TO_INTEGRATION, Zone.INTEGRATION)])
def test_spark_finds_iceberg_tables_in_glue(jobs: dict[Move, Json], names: Names, move: Move, zone: Zone) -> None:
    arguments = jobs[move]["DefaultArguments"]
    assert arguments["--datalake-formats"] == "iceberg"
    settings = dict(item.split("=", 1) for item in text(arguments["--conf"]).split(" --conf "))
    assert settings == {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.defaultCatalog": CATALOG,
        f"spark.sql.catalog.{CATALOG}": "org.apache.iceberg.spark.SparkCatalog",
        f"spark.sql.catalog.{CATALOG}.catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
        f"spark.sql.catalog.{CATALOG}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        f"spark.sql.catalog.{CATALOG}.cache-enabled": "false",
        f"spark.sql.catalog.{CATALOG}.warehouse": names.database_location(zone),
    }


def test_jobs_encrypt_what_they_write_log_and_remember(
    assembly: Assembly, jobs: dict[Move, Json], names: Names
) -> None:
    [security] = assembly.resources("AWS::Glue::SecurityConfiguration")
    assert security.properties["Name"] == names.job_security_configuration
    assert {job["SecurityConfiguration"] for job in jobs.values()} == {names.job_security_configuration}
    encryption = security.properties["EncryptionConfiguration"]
    assert encryption["CloudWatchEncryption"]["CloudWatchEncryptionMode"] == "SSE-KMS"
    assert encryption["JobBookmarksEncryption"]["JobBookmarksEncryptionMode"] == "CSE-KMS"
    assert [item["S3EncryptionMode"] for item in encryption["S3Encryptions"]] == ["SSE-KMS"]


def test_logs_are_encrypted_and_end(assembly: Assembly, jobs: dict[Move, Json], names: Names) -> None:
    groups = {
        name: group
        for name, group in assembly.named("AWS::Logs::LogGroup", "LogGroupName").items()
        if name.startswith(names.job_log_prefix)
    }
    assert groups.keys() == {
        names.job_log_group(job, stream) for job in (*Move, *Fetch) for stream in ("output", "error")
    }
    for group in groups.values():
        assert group["RetentionInDays"] == 14
        assert "KmsKeyId" in group
    for job in jobs.values():
        assert job["DefaultArguments"]["--custom-logGroup-prefix"] == names.job_log_prefix
