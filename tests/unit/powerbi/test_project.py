"""The Power BI project of the sample: the same bytes each time, and valid by Microsoft's schemas."""

import json
import random
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from lakehouse.contracts.loader import load_contracts
from lakehouse.errors import LakehouseError
from lakehouse.governance.roles import ROLES
from lakehouse.names import Names
from lakehouse.powerbi import project
from lakehouse.powerbi.semantic_model import Mode
from tests.support.readers.public_suites import POWER_BI, needs
from tests.support.repository import CONTRACTS, ROOT

MODELS = ROOT / "models"
ADDRESS = "https://developer.microsoft.com/json-schemas/"
NAMES = Names(environment="dev", account="000000000000", region="eu-central-1")
DEFINITION = "lakehouse.SemanticModel/definition"


def built(
    folder: Path = CONTRACTS, *, role: str = "analyst", mode: Mode = Mode.IMPORT, seed: int = 0
) -> dict[str, str]:
    contracts = load_contracts(folder)
    random.Random(seed).shuffle(contracts)  # noqa: S311 - an order, not a secret
    return project.files(contracts, project=MODELS, role=ROLES[role], names=NAMES, mode=mode)


@pytest.mark.parametrize("mode", Mode)
def test_a_second_build_is_equal_byte_by_byte(tmp_path: Path, mode: Mode) -> None:
    project.write(built(mode=mode, seed=1), tmp_path)
    (tmp_path / "lakehouse.Report" / "left.json").write_text("of an older build")
    project.write(content := built(mode=mode, seed=2), tmp_path)
    found = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {path: text.encode() for path, text in content.items()}


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(LakehouseError, match=r"is not empty and has no lakehouse\.pbip: name another folder"):
        project.write(built(), tmp_path)


@pytest.mark.parametrize("role", ["analyst", "engineer"])
def test_the_model_has_what_the_role_sees(role: str) -> None:
    content = built(role=role)
    fact = content[f"{DEFINITION}/tables/fct_order_items.tmdl"]
    sees = role == "engineer"
    assert ("column customer_id" in fact) is ("measure Buyers" in fact) is ('""customer_id""' in fact) is sees
    assert "measure 'Net revenue'" in fact
    assert "segment" not in content[f"{DEFINITION}/tables/dim_customer.tmdl"] or sees
    used = set(re.findall(r'"Property": "([^"]+)"', "".join(content.values())))
    assert used <= set(re.findall(r"(?:measure|column) '?([^'\n=]+?)'?(?: =|\n)", "".join(content.values())))
    assert "Classification = confidential" not in fact or sees


def test_every_relationship_of_the_star_is_there() -> None:
    content = built()
    found = re.findall(r"fromColumn: (\S+)\n\ttoColumn: (\S+)", content[f"{DEFINITION}/relationships.tmdl"])
    assert len(found) == 6
    assert ("fct_store_sales.product_key", "dim_product.product_key") in found
    day = content[f"{DEFINITION}/tables/dim_date.tmdl"]
    assert "dataCategory: Time" in day
    assert re.search(r"column date_day\n\t\tdataType: dateTime\n\t\tisKey", day)


@needs(POWER_BI)
@pytest.mark.parametrize("mode", Mode)
def test_every_json_file_is_valid_by_its_published_schema(mode: Mode) -> None:
    def retrieve(uri: str) -> Resource[Any]:
        return Resource.from_contents(json.loads((POWER_BI.folder / uri.removeprefix(ADDRESS)).read_text()))

    registry: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg]
    checked = 0
    for path, text in built(mode=mode).items():
        if not path.endswith((".tmdl", ".pbids")):
            document = json.loads(text)
            schema = retrieve(document["$schema"]).contents
            jsonschema.Draft7Validator(schema, registry=registry).validate(document)
            checked += 1
    assert checked > 15
