"""An error of the emulator ends the demo and `lakehouse local` with one message and exit code 2."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from emulator.errors import EmulatorError
from emulator.runtime.server_lifecycle import ServerError
from lakehouse.errors import LakehouseError
from local import cli, emulator_server
from local.demo import __main__ as demo


@pytest.fixture(params=[EmulatorError, ServerError])
def _failing_server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise request.param("the port is closed")

    monkeypatch.setattr(emulator_server, "start", fail)
    monkeypatch.setattr("local.sources.postgres.start", lambda root: None)
    monkeypatch.setattr("local.sources.rates_api.start", lambda root: None)


@pytest.mark.usefixtures("_failing_server")
def test_the_demo_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        demo.main(tmp_path / "root")
    assert ended.value.code == 2
    assert "error the port is closed" in capsys.readouterr().out


@pytest.mark.usefixtures("_failing_server")
@pytest.mark.parametrize("command", ["up", "airflow"])
def test_the_command_line_gets_an_error_that_it_prints(tmp_path: Path, command: str) -> None:
    with pytest.raises(LakehouseError, match="the port is closed"):
        CliRunner().invoke(cli.app, [command, "--root", str(tmp_path)], catch_exceptions=False)
