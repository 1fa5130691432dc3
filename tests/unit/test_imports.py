"""Who may import whom: `lakehouse` imports none of the others; they import `lakehouse`, and never each other."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse.names import Move, Names

ROOT = Path(__file__).parents[2]
PARTS = ("lakehouse", "stacks", "glue_jobs", "dags", "emulator", "local", "reports")
NOT_ON_A_WORKER = {"typer", "rich", "duckdb", "ministack", "moto", "aws_cdk", "airflow", "pytest", "tests", *PARTS} - {
    "lakehouse"
}


def imports(path: Path) -> Iterator[str]:
    """Absolute modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""


@pytest.mark.parametrize("part", PARTS)
def test_a_part_imports_lakehouse_and_itself_alone(part: str) -> None:
    forbidden = {*PARTS, "app", "tests"} - {part, "lakehouse"}
    if part == "emulator":  # stands alone
        forbidden.add("lakehouse")
    if part == "local":  # starts the emulator
        forbidden.remove("emulator")
    if part == "reports":  # on the app
        forbidden -= {"app", "stacks"}
    if part == "lakehouse":
        forbidden |= {"aws_cdk", "constructs", "airflow"}
    for path in (ROOT / part).rglob("*.py"):
        found = {name for name in imports(path) if name.partition(".")[0] in forbidden}
        assert not found, f"{path.relative_to(ROOT)} imports {', '.join(sorted(found))}"


def test_only_the_command_line_uses_its_libraries() -> None:
    for path in (ROOT / "lakehouse").rglob("*.py"):
        if "cli" not in path.relative_to(ROOT).parts:
            found = {name for name in imports(path) if name.partition(".")[0] in ("typer", "rich")}
            assert not found, f"{path.relative_to(ROOT)} imports {', '.join(sorted(found))}"


def test_jobs_load_nothing_that_a_worker_lacks() -> None:
    names = Names(environment="dev", account="123456789012", region="eu-central-1")
    scripts = [str(ROOT / names.script_key(move)) for move in Move]
    code = "import runpy, sys; [runpy.run_path(script) for script in sys.argv[1:]]; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code, *scripts], capture_output=True, text=True, check=True, cwd=ROOT
    )
    modules = {name.partition(".")[0] for name in loaded.stdout.split()}
    assert "lakehouse" in modules
    assert not NOT_ON_A_WORKER & modules
