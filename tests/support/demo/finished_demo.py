"""The lakehouse that the demo's own steps make, and the fixtures of suites that share one."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from emulator.runtime import server_lifecycle
from lakehouse.contracts.loader import load_contracts
from lakehouse.contracts.model import Contract
from local import lake
from local.demo import __main__
from local.demo.store_sales import Week
from local.lake import Lake
from tests.support.repository import CONTRACTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """The lakehouse as the demo leaves it."""

    lake: Lake
    contracts: list[Contract]
    week: Week


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """The embedded AWS and PostgreSQL; the process's AWS variables point at the former, as its root user.

    Lake Formation refuses the tables to an administrator of IAM, and nothing to root: a test may read what it checks.
    """
    before = dict(os.environ)
    root = tmp_path_factory.mktemp("lake")
    started = lake.up(root)
    os.environ |= {"AWS_ACCESS_KEY_ID": started.server.account, "AWS_SECRET_ACCESS_KEY": "local"}
    yield started
    lake.down(root)
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def aws(started: Lake) -> server_lifecycle.Server:
    """In place of the bare server of the other suites: the one that the stacks are deployed to."""
    return started.server


@pytest.fixture(scope="session")
def finished(aws: server_lifecycle.Server, started: Lake) -> Demo:
    return finish(started)


def finish(started: Lake) -> Demo:
    """The demo from its deployment to its models, without its report."""
    contracts = load_contracts(CONTRACTS)
    __main__.prepare(started, contracts)
    week, _ = __main__.load(started, contracts)
    __main__.move(started, contracts)
    __main__.change(started, contracts, week)
    __main__.move(started, contracts)
    __main__.build(started, target=started.server.root / "dbt")
    return Demo(lake=started, contracts=contracts, week=week)
