"""datacontract-cli as a process."""

import json
import os
import subprocess
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CONTRACTS = sorted((ROOT / "contracts").rglob("*.odcs.yaml"))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one quality rule says; engines divide decimals to different scales, so four digits of the measure do."""

    passed: bool
    measured: Decimal

    @classmethod
    def of(cls, passed: bool, measured: float) -> "Verdict":
        return cls(passed, round(Decimal(str(measured)), 4))


def run(program: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run it without anything of AWS or of a configuration of the user's."""
    settings = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "COLUMNS": "200"}
    return subprocess.run([program, *arguments], env=settings, capture_output=True, text=True, check=False)


def quality(program: Path, contract: Path, *, files: str, folder: Path) -> dict[str, Verdict]:
    """Its test run on Parquet files, by the names of the contract's rules.

    Args:
        program: datacontract.
        contract: the ODCS file.
        files: glob of the table's rows, in columns named as the lakehouse names them.
        folder: for what it writes.
    """
    local, output = folder / contract.name, folder / "results.json"
    local.write_text(_on_files(contract, files))
    finished = run(
        program,
        *("test", local, "--server", "exported", "--checks", "quality"),
        *("--output", output, "--output-format", "json"),
    )
    assert output.exists(), finished.stdout + finished.stderr
    found = {}
    for check in json.loads(output.read_text())["checks"]:
        assert check["result"] in ("passed", "failed", "warning"), check
        diagnostics = check["diagnostics"]
        measured = diagnostics["percent"] if "percent" in diagnostics else diagnostics["value"]
        name = yaml.safe_load(check["qualityDefinition"])["name"]
        found[name] = Verdict.of(check["result"] == "passed", measured)
    return found


def _on_files(contract: Path, files: str) -> str:
    """The contract, about files rather than the source: these have our names of columns, not the source's."""
    document: dict[str, Any] = yaml.safe_load(contract.read_text())
    document["servers"] = [{"server": "exported", "type": "local", "path": files, "format": "parquet"}]
    for item in document["schema"][0]["properties"]:
        item.pop("physicalName", None)
    return yaml.safe_dump(document, sort_keys=False)
