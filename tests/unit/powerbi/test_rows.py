"""Row filters of contracts reach every table with rows of the dataset, or the build is refused by name."""

import shutil
from pathlib import Path

import pytest

from lakehouse.contracts.loader import load_contracts
from lakehouse.errors import LakehouseError
from lakehouse.governance.roles import ROLES
from lakehouse.names import Names
from lakehouse.powerbi import project
from lakehouse.powerbi.semantic_model import Mode
from tests.support.repository import CONTRACTS, ROOT

NAMES = Names(environment="dev", account="000000000000", region="eu-central-1")
DEFINITION = "lakehouse.SemanticModel/definition"


def built(folder: Path, row_filter: str, *, role: str = "analyst", dataset: str = "customers") -> dict[str, str]:
    """The project of the sample, with a row filter on a dataset."""
    shutil.copytree(CONTRACTS, folder / "contracts")
    path = folder / "contracts" / "sales" / f"{dataset}.odcs.yaml"
    path.write_text(
        path.read_text().replace(
            "customProperties:\n", f'customProperties:\n  - {{property: rowFilter, value: "{row_filter}"}}\n', 1
        )
    )
    contracts = load_contracts(folder / "contracts")
    return project.files(contracts, project=ROOT / "models", role=ROLES[role], names=NAMES, mode=Mode.IMPORT)


def test_a_filter_on_customers_filters_the_dimension(tmp_path: Path) -> None:
    content = built(tmp_path, "country IN ('France', 'Spain') AND region <> 'north'")
    assert content[f"{DEFINITION}/roles/filtered.tmdl"] == (
        "role filtered\n\tmodelPermission: read\n\n\ttablePermission dim_customer = "
        '((\'dim_customer\'[country] IN {"France", "Spain"}) && '
        "(NOT ISBLANK('dim_customer'[region]) && 'dim_customer'[region] <> \"north\"))\n"
    )
    assert content[f"{DEFINITION}/roles/unfiltered.tmdl"] == "role unfiltered\n\tmodelPermission: read\n"
    assert "ref role filtered" in content[f"{DEFINITION}/model.tmdl"]


def test_a_role_that_sees_all_rows_has_no_filter(tmp_path: Path) -> None:
    assert f"{DEFINITION}/roles/filtered.tmdl" not in built(tmp_path, "country = 'France'", role="steward")


@pytest.mark.parametrize(
    ("dataset", "row_filter", "told"),
    [
        ("customers", "segment = 'consumer'", "dim_customer is made from customers and has no column 'segment'"),
        ("customers", "country LIKE 'F%'", "rowFilter of customers: .*LIKE.* has no equal in DAX here"),
        ("orders", "status = 'paid' AND customer_id = 1", "fct_order_items .* has no column 'customer_id'"),
    ],
)
def test_a_filter_that_cannot_be_kept_is_refused(tmp_path: Path, dataset: str, row_filter: str, told: str) -> None:
    with pytest.raises(LakehouseError, match=f"{told}.*"):
        built(tmp_path, row_filter, dataset=dataset)
