"""Lake Formation's decision, against the rules of its developer guide written down a second time, grant by grant."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.services.lakeformation import decision
from emulator.services.lakeformation.model import Access, CellsFilter, Database, Principal, Table
from tests.support.examples import examples

ACCOUNT = "000000000000"
ME, OTHER = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("me", "other"))
COLUMNS = ("id", "email", "country")
KEYS = {"zone": ("raw", "curated"), "secrecy": ("low", "high")}
TABLE_PERMISSIONS = ("ALL", "ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT")
EXPRESSIONS = ("country = 'France'", "id > 3")


def principal(**attributes: bool) -> Principal:
    return Principal(arn=ME, account=ACCOUNT, **attributes)


def grant(resource: dict[str, Any], *permissions: str, to: str = ME) -> dict[str, Any]:
    return {
        "Principal": {"DataLakePrincipalIdentifier": to},
        "Resource": resource,
        "Permissions": list(permissions),
    }


def by_tags(*permissions: str, on: str = "TABLE", **tags: str) -> dict[str, Any]:
    expression = [{"TagKey": key, "TagValues": value.split()} for key, value in tags.items()]
    return grant({"LFTagPolicy": {"ResourceType": on, "Expression": expression}}, *permissions)


def named(name: str = "people", **more: Any) -> dict[str, Any]:
    return {"DatabaseName": "shop", "Name": name, **more}


DATABASE = Database(name="shop", tags={"zone": "raw", "secrecy": "high"})
PEOPLE = Table(
    database=DATABASE,
    name="people",
    columns={"id": {"secrecy": "low"}, "email": {}, "country": {"secrecy": "low"}},
    filters={"french": CellsFilter(columns=frozenset({"id", "country"}), expression="country = 'France'")},
)


def access(*grants: dict[str, Any], table: Table = PEOPLE, **attributes: bool) -> Access:
    me = principal(**attributes)
    return decision.on_table(me, decision.grants_of(me, grants), table)


# --- The rules one by one ------------------------------------------------------------------------------------


def test_nothing_is_allowed_without_a_grant() -> None:
    assert access(grant({"Table": named()}, "ALL", to=OTHER)).permissions == frozenset()
    assert access(grant({"Table": named("orders")}, "ALL")).shown == frozenset()


@pytest.mark.parametrize("group", ["IAM_ALLOWED_PRINCIPALS", f"{ACCOUNT}:IAMPrincipals"])
def test_a_grant_to_everybody_is_a_grant_to_me(group: str) -> None:
    found = access(grant({"Table": named()}, "ALL", to=group))
    assert found.permissions == decision.ON_TABLE
    assert found.columns == dict.fromkeys(COLUMNS)


def test_an_administrator_sees_all_metadata_and_selects_alters_and_drops_nothing() -> None:
    for attributes in ({"administrator": True}, {"reads_metadata": True}):
        found = access(**attributes)
        assert (found.permissions, found.columns, found.shown) == ({"DESCRIBE"}, {}, {*COLUMNS})
        assert decision.on_database(principal(**attributes), [], DATABASE) == {"DESCRIBE"}
    assert decision.on_location(principal(administrator=True), [], "arn:aws:s3:::lake/x")
    assert not decision.on_location(principal(reads_metadata=True), [], "arn:aws:s3:::lake/x")
    assert "CREATE_DATABASE" in decision.on_catalog(principal(administrator=True), [])
    assert decision.on_catalog(principal(reads_metadata=True), []) == frozenset()


@pytest.mark.parametrize("permission", ["ALTER", "DELETE", "DROP", "INSERT", "SELECT"])
def test_who_has_any_permission_on_a_table_sees_it(permission: str) -> None:
    assert access(grant({"Table": named()}, permission)).permissions == {permission, "DESCRIBE"}
    assert access(grant({"Table": named()}, permission)).shown == {*COLUMNS}


def test_columns_are_listed_or_excluded() -> None:
    listed = access(grant({"TableWithColumns": named(ColumnNames=["ID"])}, "SELECT"))
    assert (listed.columns, listed.shown) == ({"id": None}, {"id"})
    excluded = grant({"TableWithColumns": named(ColumnWildcard={"ExcludedColumnNames": ["email"]})}, "SELECT")
    assert access(excluded).columns == {"id": None, "country": None}
    assert access(grant({"TableWithColumns": named(ColumnWildcard={})}, "SELECT")).columns == dict.fromkeys(COLUMNS)


def test_what_may_be_selected_hides_what_may_only_be_described() -> None:
    found = access(
        grant({"Table": named()}, "DESCRIBE"), grant({"TableWithColumns": named(ColumnNames=["id"])}, "SELECT")
    )
    assert found.shown == {"id"}


def test_tags_are_inherited_and_overridden() -> None:
    low = access(by_tags("SELECT", "DESCRIBE", zone="raw", secrecy="low"))
    assert (low.columns, low.permissions) == ({"id": None, "country": None}, {"SELECT", "DESCRIBE"})
    assert set(access(by_tags("SELECT", zone="raw", secrecy="low high")).columns) == {*COLUMNS}
    assert access(by_tags("SELECT", zone="curated")).columns == {}


def test_a_grant_by_tags_to_write_must_match_every_column() -> None:
    assert access(by_tags("INSERT", "ALTER", zone="raw")).permissions == {"INSERT", "ALTER", "DESCRIBE"}
    assert access(by_tags("INSERT", "ALTER", zone="raw", secrecy="high")).permissions == {"DESCRIBE"}
    assert access(by_tags("INSERT", "ALTER", zone="raw", secrecy="low")).permissions == frozenset()


def test_rows_come_from_filters_and_all_rows_win() -> None:
    cells = grant({"DataCellsFilter": {"DatabaseName": "shop", "TableName": "people", "Name": "french"}}, "SELECT")
    french = frozenset({"country = 'France'"})
    assert access(cells).columns == {"id": french, "country": french}
    both = access(cells, grant({"TableWithColumns": named(ColumnNames=["id"])}, "SELECT"))
    assert both.columns == {"id": None, "country": french}
    gone = grant({"DataCellsFilter": {"DatabaseName": "shop", "TableName": "people", "Name": "gone"}}, "SELECT")
    assert access(gone).permissions == frozenset()


def test_who_has_any_permission_on_a_database_sees_it() -> None:
    for given_ in (
        grant({"Database": {"Name": "Shop"}}, "CREATE_TABLE"),
        by_tags("CREATE_TABLE", on="DATABASE", zone="raw"),
    ):
        assert decision.on_database(principal(), [given_], DATABASE) == {"CREATE_TABLE", "DESCRIBE"}
    assert decision.on_database(principal(), [by_tags("ALL", on="DATABASE", zone="curated")], DATABASE) == frozenset()
    assert decision.on_database(principal(), [by_tags("ALL", zone="raw")], DATABASE) == frozenset()


@pytest.mark.parametrize(
    ("granted", "arn", "allowed"),
    [
        ("arn:aws:s3:::lake", "arn:aws:s3:::lake/raw/x", True),
        ("arn:aws:s3:::lake/raw", "arn:aws:s3:::lake/raw", True),
        ("arn:aws:s3:::lake/raw/", "arn:aws:s3:::lake/raw/x", True),
        ("arn:aws:s3:::lake/raw", "arn:aws:s3:::lake/rawest", False),
        ("arn:aws:s3:::lake/raw", "arn:aws:s3:::lake", False),
        ("arn:aws:s3:::lake", "arn:aws:s3:::lake2/x", False),
    ],
)
def test_a_location_is_granted_with_all_below_it(granted: str, arn: str, allowed: bool) -> None:
    given_ = grant({"DataLocation": {"ResourceArn": granted}}, "DATA_LOCATION_ACCESS")
    assert decision.on_location(principal(), [given_], arn) is allowed


# --- Any grants, against an oracle ---------------------------------------------------------------------------

tag_values = st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in KEYS.items()})
expressions = st.dictionaries(
    st.sampled_from(sorted(KEYS)), st.sets(st.sampled_from(["raw", "curated", "low", "high"]), min_size=1), min_size=1
)
columns_of_grants = st.lists(st.sampled_from(COLUMNS), unique=True)
permissions = st.lists(st.sampled_from(TABLE_PERMISSIONS), min_size=1, unique=True)
resources = st.one_of(
    st.sampled_from(
        [{"Table": named()}, {"Table": named("orders")}, {"Table": {"DatabaseName": "shop", "TableWildcard": {}}}]
    ),
    columns_of_grants.map(lambda names: {"TableWithColumns": named(ColumnNames=names)}),
    columns_of_grants.map(lambda names: {"TableWithColumns": named(ColumnWildcard={"ExcludedColumnNames": names})}),
    st.sampled_from(["one", "two"]).map(
        lambda name: {"DataCellsFilter": {"DatabaseName": "shop", "TableName": "people", "Name": name}}
    ),
    expressions.map(
        lambda found: {
            "LFTagPolicy": {
                "ResourceType": "TABLE",
                "Expression": [{"TagKey": key, "TagValues": sorted(values)} for key, values in found.items()],
            }
        }
    ),
)
grants = st.lists(
    st.builds(
        lambda resource, names, to: grant(
            resource,
            *(["SELECT"] if {"TableWithColumns", "DataCellsFilter"} & resource.keys() else names),
            to=to,
        ),
        resources,
        permissions,
        st.sampled_from([ME, ME, OTHER, "IAM_ALLOWED_PRINCIPALS"]),
    ),
    max_size=5,
)
tables = st.builds(
    lambda database, own, columns, one, two: Table(
        database=Database(name="shop", tags=database),
        name="people",
        tags=own,
        columns=dict(zip(COLUMNS, columns, strict=True)),
        filters={
            "one": CellsFilter(columns=frozenset(one), expression=EXPRESSIONS[0]),
            "two": CellsFilter(columns=frozenset(two), expression=EXPRESSIONS[1]),
        },
    ),
    tag_values,
    tag_values,
    st.tuples(*(tag_values for _ in COLUMNS)),
    columns_of_grants,
    columns_of_grants,
)
ROWS = list(chain.from_iterable([({"id": n, "country": country}) for n in (1, 5)] for country in ("France", "Spain")))


def meets(row: dict[str, Any], expression: str) -> bool:
    return row["country"] == "France" if expression == EXPRESSIONS[0] else row["id"] > 3


def cells(table: Table, given_: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Each cell that one grant lets its principal select."""
    resource = given_["Resource"]
    if not {"ALL", "SELECT"} & {*given_["Permissions"]}:
        return
    for column, (number, row) in ((column, row) for column in COLUMNS for row in enumerate(ROWS)):
        if "Table" in resource:
            allowed = "TableWildcard" in resource["Table"] or resource["Table"]["Name"] == "people"
        elif "TableWithColumns" in resource:
            part = resource["TableWithColumns"]
            excluded = part.get("ColumnWildcard", {}).get("ExcludedColumnNames")
            allowed = column in part["ColumnNames"] if excluded is None else column not in excluded
        elif "DataCellsFilter" in resource:
            cell = table.filters[resource["DataCellsFilter"]["Name"]]
            allowed = column in cell.columns and meets(row, cell.expression or "")
        else:
            tags = dict(table.database.tags) | dict(table.tags) | dict(table.columns[column])
            allowed = all(tags.get(p["TagKey"]) in p["TagValues"] for p in resource["LFTagPolicy"]["Expression"])
        if allowed:
            yield column, number


@given(table=tables, given_=grants)
@settings(max_examples=examples(400), deadline=None)
def test_the_cells_that_any_grants_show_are_those_that_one_of_them_shows(table: Table, given_: list[Any]) -> None:
    mine = [one for one in given_ if one["Principal"]["DataLakePrincipalIdentifier"] != OTHER]
    expected = set(chain.from_iterable(cells(table, one) for one in mine))
    found = access(*given_, table=table)
    shown = {
        (column, number)
        for column, rows in found.columns.items()
        for number, row in enumerate(ROWS)
        if rows is None or any(meets(row, expression) for expression in rows)
    }
    assert shown == expected
    assert ("SELECT" in found.permissions) == bool(found.columns)
    assert {column for column, _ in expected} <= found.shown


@given(table=tables, given_=grants, more=grants)
@settings(max_examples=examples(200), deadline=None)
def test_a_grant_takes_nothing_away(table: Table, given_: list[Any], more: list[Any]) -> None:
    less, found = access(*given_, table=table), access(*given_, *more, table=table)
    assert less.permissions <= found.permissions
    assert less.columns.keys() <= found.columns.keys()
    for column, rows in less.columns.items():
        after = found.columns[column]
        assert after is None or (rows is not None and rows <= after)
