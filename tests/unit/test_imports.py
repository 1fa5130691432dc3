"""Who may import whom: the parts of the repository, and inside each part its folders, floor above floor."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from lakehouse.names import Move, Names

ROOT = Path(__file__).parents[2]
MAY_IMPORT: Mapping[str, set[str]] = {
    "lakehouse": set(),
    "emulator": set(),
    "stacks": {"lakehouse"},
    "glue_jobs": {"lakehouse"},
    "dags": {"lakehouse"},
    "local": {"lakehouse", "emulator"},
    "models": set(),  # it runs in dbt's environment
    "reports": {"lakehouse", "stacks", "app"},
}
"""For each part: the other parts that it may import."""

FLOORS: Mapping[str, tuple[set[str], ...]] = {
    "lakehouse": (
        {"errors", "names", "sizes"},
        {"settings", "windows"},
        {"comparison", "contracts", "engine"},
        {"tables"},
        {"quality"},
        {"batches", "governance", "integration", "maintenance"},
        {"apis", "lineage", "metrics", "readers", "releases"},
        {"cost", "drafting", "erasure", "moves", "operations", "powerbi", "reconciliation"},
        {"site"},
        {"cli"},
    ),
    "lakehouse/contracts": (
        {"api_source", "changes", "classification", "cleansing", "columns", "encoding", "types", "violations"},
        {"api_cursor", "model", "time_format"},
        {"differences", "dms", "index"},
        {"places"},
        {"odcs"},
        {"loader"},
        {"check", "published", "revisions"},
    ),
    "stacks": (
        {"settings", "stack"},
        {"iam", "network"},
        {"shared"},
        {
            *("analytics", "arrivals", "audit", "catalog", "connections", "deploy_roles", "domains", "governance"),
            *("ingestion", "kafka", "observability", "orchestration", "processing", "scheduling", "storage"),
            "streaming",
        },
        {"lakehouse"},
    ),
    "emulator": ({"errors"}, {"replicator", "runtime"}, {"athena"}, {"services"}, {"server"}, {"cli"}),
    "emulator/athena": (
        *({"runtime"}, {"parsing"}, {"typing"}, {"duckdb"}, {"tables"}, {"binding"}, {"statements"}),
        *({"trino"}, {"api"}),
    ),
    "local": (
        {"cdk", "emulator_server", "profiles", "progress", "sources"},
        {"airflow", "trino"},
        {"cli", "lake"},
        {"demo"},
    ),
}
"""For each part: its folders and modules from the bottom up; a unit imports units of lower floors alone."""

MOST_FILES, MOST_LINES = 20, 250
NOT_ON_A_WORKER = {"typer", "rich", "duckdb", "ministack", "moto", "aws_cdk", "airflow", "pytest", "tests"} | (
    MAY_IMPORT.keys() - {"lakehouse"}
)


def imports(path: Path) -> Iterator[str]:
    """Yield the absolute names that a file imports, anywhere in it, such as `lakehouse.names.Names`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module(path: Path) -> str:
    """Return the dotted name of a file of the repository."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def upward(part: str, floors: tuple[set[str], ...], root: Path = ROOT) -> list[str]:
    """Return each import of a part that does not go down, as `FILE imports NAME`, and each unit without a floor."""
    floor_of = {unit: number for number, units in enumerate(floors) for unit in units}
    prefix = f"{part.replace('/', '.')}."
    wrong = []
    for path in sorted((root / part).rglob("*.py")):
        unit = path.relative_to(root / part).parts[0].removesuffix(".py")
        if unit in ("__init__", "__main__"):
            continue
        if unit not in floor_of:
            wrong.append(f"{path.relative_to(root)} has no floor in FLOORS[{part!r}]")
            continue
        for name in imports(path):
            other = name.removeprefix(prefix).partition(".")[0]
            if name.startswith(prefix) and other != unit and floor_of.get(other, -1) >= floor_of[unit]:
                wrong.append(f"{path.relative_to(root)} imports {name}")
    return wrong


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_imports_only_what_it_may(part: str) -> None:
    forbidden = {*MAY_IMPORT, "app", "tests"} - {part, *MAY_IMPORT[part]}
    if part == "lakehouse":
        forbidden |= {"aws_cdk", "constructs", "airflow"}
    for path in (ROOT / part).rglob("*.py"):
        wrong = {name for name in imports(path) if name.partition(".")[0] in forbidden}
        assert not wrong, f"{path.relative_to(ROOT)} imports {', '.join(sorted(wrong))}"


@pytest.mark.parametrize("part", FLOORS)
def test_imports_go_down(part: str) -> None:
    assert upward(part, FLOORS[part]) == []


def test_an_import_that_runs_upwards_is_named(tmp_path: Path) -> None:
    for unit, line in (("low", "from part.high.room import thing"), ("high", "from part.low import room")):
        (tmp_path / "part" / unit).mkdir(parents=True)
        (tmp_path / "part" / unit / "room.py").write_text(line)
    assert upward("part", ({"low"}, {"high"}), tmp_path) == ["part/low/room.py imports part.high.room.thing"]
    assert upward("part", ({"low"},), tmp_path)[0] == "part/high/room.py has no floor in FLOORS['part']"


@pytest.mark.parametrize("part", ["lakehouse", "stacks", "emulator"])
def test_no_files_import_each_other_in_a_circle(part: str) -> None:
    files = {module(path): path for path in (ROOT / part).rglob("*.py")}
    graph = {
        name: {other for used in imports(path) for other in (used, used.rpartition(".")[0]) if other in files} - {name}
        for name, path in files.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"files import each other: {' -> '.join(reversed(error.args[1]))}")


@pytest.mark.parametrize("part", ["lakehouse", "stacks", "emulator"])
def test_folders_and_files_stay_small(part: str) -> None:
    for folder in {path.parent for path in (ROOT / part).rglob("*.py")}:
        files = [path.name for path in folder.iterdir() if path.is_file()]
        assert len(files) <= MOST_FILES, f"{folder.relative_to(ROOT)} has {len(files)} files"
    for path in (ROOT / part).rglob("*.py"):
        text = path.read_text()
        docstring = ast.get_docstring(ast.parse(text)) or ""
        lines = text.count("\n")
        assert lines <= MOST_LINES or "One file" in docstring, (
            f"{path.relative_to(ROOT)} has {lines} lines: split it, or say at its top, after 'One file', why it is one"
        )


def programs_and_tests() -> Iterator[Path]:
    """Yield all files of tests/ but those that others may import, which are in support."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if path.relative_to(ROOT / "tests").parts[0] != "support":
            yield path


def test_tests_share_code_through_support_alone() -> None:
    for path in programs_and_tests():
        wrong = {name for name in imports(path) if name.startswith("tests.") and not name.startswith("tests.support.")}
        assert not wrong, f"{path.relative_to(ROOT)} imports {', '.join(sorted(wrong))}: move it to tests/support"


def test_support_imports_no_test() -> None:
    for path in (ROOT / "tests" / "support").rglob("*.py"):
        wrong = {name for name in imports(path) if name.startswith("tests.") and not name.startswith("tests.support.")}
        assert not wrong, f"{path.relative_to(ROOT)} imports {', '.join(sorted(wrong))}"


def test_the_emulators_tests_need_nothing_of_the_lakehouse() -> None:
    support = {module(path): path for path in (ROOT / "tests" / "support").rglob("*.py")}
    waiting = [ROOT / "tests" / "conftest.py", *(ROOT / "tests" / "emulator").rglob("*.py")]
    reached: set[Path] = set()
    while waiting:
        path = waiting.pop()
        names = set(imports(path))
        wrong = {name for name in names if name.partition(".")[0] in {*MAY_IMPORT, "app"} - {"emulator"}}
        assert not wrong, f"{path.relative_to(ROOT)} imports {', '.join(sorted(wrong))}"
        reached.add(path)
        used = {support[name] for full in names for name in (full, full.rpartition(".")[0]) if name in support}
        waiting += used - reached


def test_test_folders_stay_small_and_are_no_packages() -> None:
    for folder in {path.parent for path in (ROOT / "tests").rglob("*.py")} - {ROOT / "tests"}:
        files = [path.name for path in folder.iterdir() if path.is_file() and path.suffix == ".py"]
        assert "__init__.py" not in files, f"{folder.relative_to(ROOT)}: pytest would import it as a top-level package"
        if folder.relative_to(ROOT / "tests").parts[0] in ("support", "unit", "emulator"):
            assert len(files) <= MOST_FILES, f"{folder.relative_to(ROOT)} has {len(files)} files"


@pytest.mark.parametrize("folder", sorted(path.parent.name for path in (ROOT / "stacks").glob("*/stack.py")))
def test_a_stack_has_the_name_of_its_folder(folder: str) -> None:
    if folder in ("deploy_roles", "domains"):  # one stack for each environment or domain, named after it
        return
    assert f'super().__init__(scope, "{folder}"' in (ROOT / "stacks" / folder / "stack.py").read_text()


def test_only_the_command_line_uses_its_libraries() -> None:
    for path in (ROOT / "lakehouse").rglob("*.py"):
        if "cli" not in path.relative_to(ROOT).parts:
            wrong = {name for name in imports(path) if name.partition(".")[0] in ("typer", "rich")}
            assert not wrong, f"{path.relative_to(ROOT)} imports {', '.join(sorted(wrong))}"


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
