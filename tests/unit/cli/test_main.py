"""The command line as its users meet it: what it prints, and how it ends."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from pyiceberg.catalog import Catalog

from lakehouse.cli.commands import query
from lakehouse.cli.main import app, main
from lakehouse.cli.options import contracts_of
from lakehouse.cli.verbs import VERBS, Verbs
from lakehouse.engine import athena
from lakehouse.engine.athena import Result
from lakehouse.errors import LakehouseError
from lakehouse.governance import lake_formation
from lakehouse.names import Names, Zone

ROOT = Path(__file__).parents[3]
CONTRACTS = ROOT / "contracts"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run `lakehouse` with arguments; its exit code."""
    monkeypatch.setattr(sys, "argv", ["lakehouse", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def one_contract(folder: Path, text: str) -> Path:
    path = folder / "sales" / "orders.odcs.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def orders(tmp_path: Path) -> str:
    text = (CONTRACTS / "sales" / "orders.odcs.yaml").read_text()
    return text.replace("        relationships: [{to: customers.customer_id}]\n", "")


def test_contracts_without_violations(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "contracts", "check", "--contracts", str(CONTRACTS)) == 0
    assert capsys.readouterr().out == "7 contracts, no violations\n"


def test_every_violation_is_a_line_with_file_and_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, orders: str
) -> None:
    path = one_contract(tmp_path, orders.replace("value: cdc", "value: ccd").replace("requ", "rekw"))
    monkeypatch.setenv("LAKEHOUSE_CONTRACTS", str(tmp_path))

    assert run(monkeypatch, "contracts", "check") == 2

    printed = capsys.readouterr()
    assert f"{path}:14: customProperties[0].value: 'ccd' is unknown: did you mean 'cdc'?\n" in printed.out
    assert printed.err == "error 6 violations in 1 of 1 contracts\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("contracts", "check", "--contracts", "/nowhere"), "error /nowhere: no such folder of contracts"),
        (("tables", "plan", "--contracts", str(CONTRACTS)), "error no AWS region: set AWS_REGION"),
    ],
)
def test_an_error_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert run(monkeypatch, *arguments) == 2

    printed = capsys.readouterr()
    assert printed.err.startswith(message)
    assert printed.err.count("\n") == 1


def test_a_dataset_is_worked_on_once_and_one_without_a_contract_is_refused() -> None:
    assert [found.dataset for found in contracts_of(str(CONTRACTS), ["orders", "customers", "orders"])] == [
        "orders",
        "customers",
    ]
    with pytest.raises(LakehouseError, match=r"no dataset 'ordres' in .*: did you mean 'orders'"):
        contracts_of(str(CONTRACTS), ["ordres"])


def test_json_has_each_column_or_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], names: Names
) -> None:
    columns = (("id", "bigint"), ("id", "varchar"))
    monkeypatch.setattr(query, "names_of", lambda env: names)
    monkeypatch.setattr(
        athena, "query", lambda *_, **__: Result(columns=columns, rows=iter([("1", "a")]), scanned_bytes=0)
    )
    monkeypatch.setenv("AWS_REGION", names.region)
    monkeypatch.setenv("AWS_DEFAULT_REGION", names.region)
    assert run(monkeypatch, "query", "select a.id, b.id from a, b", "--format", "json") == 2
    printed = capsys.readouterr()
    assert (printed.out, "rename the repeated id with `AS`" in printed.err) == ("", True)
    assert run(monkeypatch, "query", "select a.id, b.id from a, b", "--format", "csv") == 0
    assert capsys.readouterr().out == "id,id\r\n1,a\r\n"


def test_a_stopped_server_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # the discard port: nobody listens
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "123456789012",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)

    assert run(monkeypatch, "tables", "plan", "--contracts", str(CONTRACTS)) == 2

    assert "is the server at http://127.0.0.1:9 running?" in capsys.readouterr().err


def test_tables_are_planned_applied_and_refused(
    lake: Catalog,
    names: Names,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    orders: str,
) -> None:
    # What moto has of Lake Formation fails on a table without tags; tests/integration/test_governance.py has the rest.
    for verb in ("plan", "apply"):
        monkeypatch.setattr(lake_formation, verb, lambda *_, **__: [])
    one_contract(tmp_path, orders)
    monkeypatch.setenv("LAKEHOUSE_CONTRACTS", str(tmp_path))
    raw = f"{names.database(Zone.RAW)}.orders"

    assert run(monkeypatch, "tables", "plan") == 0
    assert f"{raw}\n  + 15 columns, partitioned by _batch_id\n" in capsys.readouterr().out

    assert run(monkeypatch, "tables", "apply") == 0
    assert "7 changes applied\n" in capsys.readouterr().out

    assert run(monkeypatch, "tables", "apply") == 0
    assert capsys.readouterr().out.startswith("0 changes applied\n")

    one_contract(tmp_path, orders.replace("name: status,", "name: status, description: Way,"))
    assert run(monkeypatch, "tables", "plan") == 0
    printed = capsys.readouterr().out
    assert f"{raw}\n  ~ column status: describe as 'Way'\n" in printed
    assert "0 tables to create, 2 changes, 0 refused\n" in printed

    one_contract(tmp_path, orders.replace("name: channel", "name: way"))
    assert run(monkeypatch, "tables", "plan") == 0
    assert f"{raw}\n  + column way string\n  ! column channel is no longer in the contract\n" in capsys.readouterr().out
    assert run(monkeypatch, "tables", "apply") == 2
    refusal = capsys.readouterr().err
    assert f"  {raw}: column channel is no longer in the contract\n" in refusal
    assert "Two ways out. Next to the old table: name the dataset orders_v2" in refusal


def test_help_shows_each_verb_with_its_text_and_imports_none() -> None:
    script = """
import sys
sys.argv = ["lakehouse", "--help"]
from lakehouse.cli.main import main
try:
    main()
finally:
    slow = {"boto3", "botocore", "pyarrow", "pyiceberg", "pandas", "duckdb", "sqlglot", "yaml", "lakehouse.contracts"}
    print(slow & sys.modules.keys() or "none", file=sys.stderr)
"""

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stderr == "none\n"
    printed = [line[2:].partition(" ")[0] for line in done.stdout.partition(" Commands ")[2].splitlines()]
    assert [word for word in printed if word in [*VERBS, "local"]] == [*VERBS, "local"]


@pytest.mark.parametrize("verb", [*VERBS, "local"])
def test_the_text_of_a_verb_is_its_own(verb: str) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, Verbs)
    _, called, rest = group.resolve_command(typer.Context(group), [verb, "--help"])
    assert inspect.cleandoc(group.commands[verb].help or "") == inspect.cleandoc(called.help)
    assert (called.name, rest) == (verb, ["--help"])


def test_an_unknown_verb_is_refused_with_those_that_are_near(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "statsu") == 2
    assert "No such command 'statsu'. Did you mean 'status'?" in capsys.readouterr().err


def test_what_jobs_import_pulls_in_no_command_line_and_no_test_tools() -> None:
    script = """
import sys
import lakehouse.contracts.loader, lakehouse.engine.catalog, lakehouse.settings, lakehouse.tables.migrations
print({"typer", "rich", "moto", "ministack", "pytest", "aws_cdk"} & {name.partition(".")[0] for name in sys.modules})
"""

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout == "set()\n"
