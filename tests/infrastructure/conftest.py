"""The stacks, synthesized once for all tests: starting the CDK takes longer than any of them."""

import fcntl
import socket
from dataclasses import replace

import pytest
from aws_cdk import App, RemovalPolicy

import app as cdk_entry
from lakehouse.contracts.loader import load_contracts
from lakehouse.contracts.model import Contract
from lakehouse.names import Names
from reports.findings import DEPLOYMENTS
from stacks.lakehouse import add_lakehouse
from stacks.settings import settings_of
from tests.support.templates.assembly import Assembly
from tests.support.templates.synthesis import CONTEXT, DEV, LINEAGE_ENDPOINT, cpu_seconds, synth


@pytest.fixture(scope="session")
def names() -> Names:
    return DEV


@pytest.fixture(scope="session")
def contracts() -> list[Contract]:
    return load_contracts(cdk_entry.ROOT / CONTEXT["contracts"])


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory, names: Names) -> Assembly:
    """Every stack of `dev`, synthesized without a network."""

    def refuse(*_: object) -> None:
        raise AssertionError("synthesis opened a network connection")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        return synth(tmp_path_factory.mktemp("cdk") / "out", names)


@pytest.fixture(scope="session")
def keeping(tmp_path_factory: pytest.TempPathFactory, names: Names, contracts: list[Contract]) -> Assembly:
    """An environment that keeps its data, has no source database, and sends lineage to another endpoint."""
    outdir = tmp_path_factory.mktemp("cdk") / "keeping"
    app = App(context=CONTEXT, outdir=str(outdir))
    add_lakehouse(
        app,
        names=names,
        settings=replace(settings_of("dev"), removal_policy=RemovalPolicy.RETAIN, lineage_endpoint=LINEAGE_ENDPOINT),
        contracts=[contract for contract in contracts if not contract.source.is_database],
        root=cdk_entry.ROOT,
    )
    app.synth()
    return Assembly(outdir)


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Assembly]:
    """Every environment in every profile, synthesized once for all workers of a test run."""
    root = tmp_path_factory.getbasetemp()
    if root.name.startswith("popen-"):  # a worker's own folder is in the one of the whole run
        root = root.parent
    with (root / "everything.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "everything.done").exists():
            before = cpu_seconds()
            synth(root / "everything", DEV, environment="all")
            (root / "everything.done").write_text(str(cpu_seconds() - before))
    return {deployment: Assembly(root / "everything" / f"assembly-{deployment}") for deployment in DEPLOYMENTS}
