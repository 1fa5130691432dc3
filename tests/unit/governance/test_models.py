"""Models say how confidential their columns are, and never less than what they are made from."""

import re
from pathlib import Path

import pytest

from lakehouse.errors import LakehouseError
from lakehouse.governance.models import of_models
from lakehouse.governance.tags import Area
from tests.support import classification

ROOT = Path(__file__).parents[3]
MODELS = ROOT / "models"
UPSTREAM = re.compile(r"(?:ref\('(\w+)'\)|source\('\w+', '(\w+)'\))")

DATASETS = dict(classification.of_contracts(ROOT / "contracts"))
SAID = {name: columns for _, name, columns in classification.of_models(MODELS)}


def upstream(model: str) -> set[str]:
    """Datasets that a model is made from, by whatever models between them."""
    [path] = MODELS.glob(f"zones/*/{model}.sql")
    found: set[str] = set()
    for made, dataset in UPSTREAM.findall(path.read_text()):
        found |= upstream(made) if made else {dataset} & DATASETS.keys()
    return found


@pytest.mark.parametrize("model", SAID)
def test_a_column_is_as_confidential_as_those_of_its_name_upstream(model: str) -> None:
    datasets = upstream(model)
    assert datasets or model == "dim_date"
    for column, step in SAID[model].items():
        highest = max(
            (classification.STEPS.index(DATASETS[dataset].get(column, "public")) for dataset in datasets), default=0
        )
        assert classification.STEPS.index(step) >= highest, (
            f"{model}.{column} is {classification.STEPS[highest]} in {datasets}"
        )


def test_every_model_is_read_as_its_yaml_says() -> None:
    read = {table.name: {name: step.value for name, step in table.columns.items()} for table in of_models(MODELS)}
    assert read == SAID
    assert {path.stem for path in MODELS.glob("zones/*/*.sql")} == read.keys()


def project(folder: Path, meta: str, column: str = "") -> Path:
    path = folder / "zones" / "curated" / "models.yml"
    path.parent.mkdir(parents=True)
    path.write_text(f"models:\n  - name: m\n    config: {{meta: {{{meta}}}}}\n    columns: [{{name: c{column}}}]\n")
    return folder


def test_a_model_without_a_classification_is_hidden(tmp_path: Path) -> None:
    [table] = of_models(project(tmp_path, "domain: sales"))
    assert (table.area, table.columns) == (Area.CURATED, {"c": "restricted"})


@pytest.mark.parametrize(
    ("meta", "column", "said"),
    [
        ("classification: public", "", r"models\.yml: model m has no domain"),
        ("domain: sales, classification: publc", "", "model m: 'publc' is not a classification: did you mean 'public'"),
        ("domain: sales", ", config: {meta: {classification: x}}", "model m, column c: 'x' is not a classification"),
    ],
)
def test_what_is_misspelt_is_named(tmp_path: Path, meta: str, column: str, said: str) -> None:
    with pytest.raises(LakehouseError, match=said):
        of_models(project(tmp_path, meta, column))
