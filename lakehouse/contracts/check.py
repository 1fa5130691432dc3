"""Check a folder of contracts: each contract, and the references between contracts."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from lakehouse.contracts.loader import contract_paths, read_text
from lakehouse.contracts.odcs.reader import SUFFIX, Reading, read
from lakehouse.contracts.violations import Violation, dotted, one_of
from lakehouse.errors import LakehouseError


class Checked(NamedTuple):
    """A folder of contracts that was read once.

    Attributes:
        readings: what each file that could be read holds, by its path, in the order of the paths.
        violations: all violations, ordered by file and line.
    """

    readings: dict[str, Reading]
    violations: list[Violation]


def check(directory: str | Path) -> list[Violation]:
    """Find all violations of all contracts in a folder, ordered by file and line."""
    return read_all(directory).violations


def read_all(directory: str | Path) -> Checked:
    """Read and check all contracts in a folder.

    Args:
        directory: folder of `<domain>/<dataset>.odcs.yaml`.

    Raises:
        LakehouseError: the folder does not exist.
    """
    violations: list[Violation] = []
    readings: dict[str, Reading] = {}
    for path in contract_paths(directory):
        try:
            readings[path] = read(read_text(path), path=path)
        except LakehouseError as error:
            violations.append(_of_file(path, "can't be read", remedy=str(error)))
            continue
        violations += readings[path].violations
    violations += _misnamed(Path(directory))
    violations += _doubled(readings)
    violations += _dangling(readings)
    return Checked(readings, sorted(violations))


def _misnamed(directory: Path) -> Iterable[Violation]:
    """Yield a violation for each YAML file that is not read because of its name."""
    for path in directory.rglob("*"):
        if path.suffix in (".yaml", ".yml") and not path.name.endswith(SUFFIX):
            yield _of_file(str(path), "is no contract", remedy=f"name it <dataset>{SUFFIX}, or keep it elsewhere")


def _doubled(readings: Iterable[str]) -> Iterable[Violation]:
    files: dict[str, list[str]] = defaultdict(list)
    for path in readings:
        files[_dataset(path)].append(path)
    for dataset, paths in files.items():
        for path in paths[1:]:
            yield _of_file(
                path,
                f"table {dataset} has a contract already, {paths[0]}",
                remedy="rename one of the two: a table's name is its dataset's, whatever its domain",
            )


def _dangling(readings: dict[str, Reading]) -> Iterable[Violation]:
    """Yield a violation for each reference to an unknown dataset or column; an unreadable contract has all columns."""
    contracts = {_dataset(path): reading.contract for path, reading in readings.items()}
    for path, reading in readings.items():
        for reference in reading.references:
            if reference.dataset not in contracts:
                problem, remedy = f"no dataset {reference.dataset}", one_of(reference.dataset, contracts)
            else:
                contract = contracts[reference.dataset]
                columns = [column.name for column in contract.columns] if contract else [reference.column]
                if reference.column in columns:
                    continue
                problem = f"{reference.dataset} has no column {reference.column}"
                remedy = one_of(reference.column, columns)
            yield Violation(file=path, line=reference.line, path=dotted(reference.path), problem=problem, remedy=remedy)


def _dataset(path: str) -> str:
    return Path(path).name.removesuffix(SUFFIX)


def _of_file(path: str, problem: str, *, remedy: str) -> Violation:
    return Violation(file=path, line=1, path="", problem=problem, remedy=remedy)
