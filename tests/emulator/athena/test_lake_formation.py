"""Athena shows a role the columns and rows that Lake Formation lets it see, whatever the statement."""

from collections.abc import Iterator
from typing import Any

import pytest

from emulator.runtime import server_lifecycle
from tests.support.emulator.athena_client import BUCKET, Athena, make_buckets
from tests.support.emulator.callers import Caller, as_root, close_lake, denying_server, open_lake

DATABASE = "governed_shop"
PEOPLE = """SELECT * FROM (VALUES
    (1, 'ann@x.fr', 'France', 10), (2, 'bob@x.es', 'Spain', 0), (3, 'eva@x.fr', 'France', 30)
) AS t (id, email, country, amount)"""
FRENCH = "country = 'France'"


def location(name: str) -> str:
    return f"s3://{BUCKET}/{DATABASE}/{name}/"


def iceberg(name: str, query: str = PEOPLE, **options: str) -> str:
    properties = {"table_type": "'ICEBERG'", "is_external": "false", "location": f"'{location(name)}'", **options}
    return f"CREATE TABLE {name} WITH ({', '.join(f'{k} = {v}' for k, v in properties.items())}) AS {query}"


def table(name: str = "people", **members: Any) -> dict[str, Any]:
    return {"DatabaseName": DATABASE, "Name": name, **members}


def required(permission: str, name: str) -> str:
    return f"Insufficient Lake Formation permission(s): Required {permission} on {name}"


class Statements(Athena):
    """Athena in the database of these tests."""

    def start(self, sql: str, *, database: str = DATABASE, **request: Any) -> str:
        return super().start(sql, database=database, **request)


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server_lifecycle.Server]:
    """A server of this module that denies what Lake Formation does not allow."""
    with denying_server(tmp_path_factory.mktemp("denying")) as server:
        yield server


@pytest.fixture(scope="module")
def root(aws: server_lifecycle.Server) -> Iterator[Statements]:
    """Root's Athena: a closed database with the Iceberg table `people` and the Hive table `files`."""
    make_buckets(as_root("s3"), region=aws.region)
    close_lake()
    as_root("glue").create_database(DatabaseInput={"Name": DATABASE, "LocationUri": f"s3://{BUCKET}/{DATABASE}"})
    root = Statements(as_root("athena"))
    root(iceberg("people"))
    root(f"CREATE TABLE files WITH (external_location = '{location('files')}') AS {PEOPLE}")
    yield root
    root(f"DROP DATABASE {DATABASE} CASCADE")
    open_lake()


@pytest.fixture(scope="module")
def role(root: Statements) -> Caller:
    return Caller("queries")


@pytest.fixture(scope="module")
def query(role: Caller) -> Statements:
    return Statements(role.client("athena"))


@pytest.fixture
def caller(role: Caller) -> Iterator[Caller]:
    """The role that queries, without grants, except that it sees the database."""
    caller = role
    caller.grant({"Database": {"Name": DATABASE}}, "DESCRIBE")
    yield caller
    caller.revoke_all()
    formation = as_root("lakeformation")
    for data in formation.list_data_cells_filter()["DataCellsFilters"]:
        names = {name: data[name] for name in ("TableCatalogId", "DatabaseName", "TableName", "Name")}
        formation.delete_data_cells_filter(**names)


def show(caller: Caller, *columns: str, of: str = "people") -> None:
    caller.grant({"TableWithColumns": table(of, ColumnNames=list(columns))}, "SELECT")


def show_rows(caller: Caller, expression: str, *columns: str, of: str = "people", name: str = "rows") -> None:
    names = {"TableCatalogId": "000000000000", "DatabaseName": DATABASE, "TableName": of, "Name": name}
    shown: Any = {"ColumnNames": list(columns)} if columns else {"ColumnWildcard": {}}
    as_root("lakeformation").create_data_cells_filter(
        TableData={**names, "RowFilter": {"FilterExpression": expression}, **shown}
    )
    caller.grant({"DataCellsFilter": names}, "SELECT")


# --- Tables --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["people", "files"])
def test_a_table_without_a_grant_is_refused_by_name(caller: Caller, query: Statements, name: str) -> None:
    for sql in (f"SELECT * FROM {name}", f"SELECT count(*) FROM {name}", f"DESCRIBE {name}", f"SHOW COLUMNS IN {name}"):
        assert query.fails(sql) == required("Describe", name)
    for sql in (f"SHOW CREATE TABLE {name}", f"EXPLAIN SELECT 1 FROM {name}", f"DROP TABLE {name}"):
        assert query.fails(sql) == required("Describe", name)
    assert query.fails("SELECT * FROM nothing") == required("Describe", "nothing")
    assert query("SHOW TABLES").rows == []


def test_a_database_without_a_grant_is_refused_by_name(root: Statements) -> None:
    stranger = Statements(Caller("stranger").client("athena"))
    assert stranger.fails("SHOW TABLES") == required("Describe", DATABASE)
    assert (DATABASE,) not in stranger("SHOW DATABASES").rows
    assert (
        stranger("SELECT schema_name FROM information_schema.schemata WHERE schema_name = 'governed_shop'").rows == []
    )


@pytest.mark.parametrize("name", ["people", "files"])
def test_a_table_that_may_only_be_described_has_no_data(caller: Caller, query: Statements, name: str) -> None:
    caller.grant({"Table": table(name)}, "DESCRIBE")
    assert [row[0].split()[0] for row in query(f"SHOW COLUMNS IN {name}").rows if row[0]] == [
        *("id", "email", "country", "amount")
    ]
    for sql in ("SELECT * FROM {}", "SELECT count(*) FROM {}", "SELECT id FROM {}", "SELECT 1 FROM {} LIMIT 0"):
        assert query.fails(sql.format(name)).startswith("COLUMN_NOT_FOUND: line 1:"), sql
        assert query.fails(sql.format(name)).endswith("Relation contains no accessible columns"), sql


# --- Columns -------------------------------------------------------------------------------------------------

HIDDEN = (
    *("SELECT email FROM {t}", "SELECT t.email FROM {t} t", "SELECT id FROM {t} WHERE email LIKE 'a%'"),
    *("SELECT id FROM {t} ORDER BY email", "SELECT count(DISTINCT email) FROM {t}", "SELECT max(email) FROM {t}"),
    *("SELECT id FROM (SELECT * FROM {t}) WHERE email IS NULL", "WITH x AS (SELECT * FROM {t}) SELECT email FROM x"),
    *("SELECT a.id FROM {t} a JOIN {t} b ON a.email = b.email", "SELECT id FROM {t} GROUP BY id, email"),
    *("SELECT * FROM (SELECT id FROM {t}) s WHERE EXISTS (SELECT 1 FROM {t} WHERE email IS NULL)",),
    *(
        "SELECT id, v FROM {t} CROSS JOIN UNNEST(ARRAY[email]) AS u (v)",
        "SELECT row_number() OVER (ORDER BY email) FROM {t}",
    ),
    *("SELECT (SELECT max(email) FROM {t}) AS m", "SELECT id FROM {t} UNION ALL SELECT email FROM {t}"),
    *('SELECT "$path" FROM {t}', "EXPLAIN SELECT email FROM {t}", "EXPLAIN ANALYZE SELECT email FROM {t}"),
    "SELECT {d}.{t}.email FROM {t}",
    *("UNLOAD (SELECT email FROM {t}) TO 's3://athena-lake/stolen/' WITH (format = 'PARQUET')",),
)


@pytest.mark.parametrize("sql", HIDDEN)
@pytest.mark.parametrize("name", ["people", "files"])
def test_a_hidden_column_is_not_found(caller: Caller, query: Statements, name: str, sql: str) -> None:
    show(caller, "id", "country", of=name)
    said = query.fails(sql.format(t=name, d=DATABASE))
    assert said.startswith("COLUMN_NOT_FOUND"), said
    assert "@x" not in said


@pytest.mark.parametrize("name", ["people", "files"])
def test_a_star_has_the_columns_that_are_shown(caller: Caller, query: Statements, name: str) -> None:
    show(caller, "id", "country", of=name)
    for sql in ("SELECT * FROM {} ORDER BY 1", "WITH x AS (SELECT * FROM {}) SELECT x.* FROM x ORDER BY id"):
        answer = query(sql.format(name))
        assert answer.names == ["id", "country"]
        assert answer.rows == [("1", "France"), ("2", "Spain"), ("3", "France")]
    assert query(f"SELECT count(*) FROM {name}").value == "3"
    described = [str(row[0]).split()[0] for row in query(f"DESCRIBE {name}").rows if str(row[0]).strip()]
    assert {"id", "country"} <= {*described}
    assert not {"email", "amount"} & {*described}
    created = "\n".join(str(row[0]) for row in query(f"SHOW CREATE TABLE {name}").rows)
    assert "country" in created
    assert "email" not in created
    listed = query(f"SELECT column_name FROM information_schema.columns WHERE table_name = '{name}' ORDER BY 1")
    assert listed.rows == [("country",), ("id",)]
    plan = "\n".join(str(row[0]) for row in query(f"EXPLAIN SELECT * FROM {name}").rows)
    assert "email" not in plan


def test_metadata_of_athena_has_the_columns_that_are_shown(caller: Caller, query: Statements) -> None:
    show(caller, "id")
    names = {"CatalogName": "AwsDataCatalog", "DatabaseName": DATABASE}
    found = query.client.get_table_metadata(**names, TableName="people")["TableMetadata"]
    assert [column["Name"] for column in found["Columns"]] == ["id"]
    assert [entry["Name"] for entry in query.client.list_table_metadata(**names)["TableMetadataList"]] == ["people"]
    with pytest.raises(query.client.exceptions.MetadataException, match="Required Describe on files"):
        query.client.get_table_metadata(**names, TableName="files")


# --- Rows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["people", "files"])
def test_hidden_rows_are_in_no_answer(caller: Caller, query: Statements, name: str) -> None:
    show_rows(caller, FRENCH, "id", "amount", of=name)
    assert query(f"SELECT * FROM {name} ORDER BY 1").rows == [("1", "10"), ("3", "30")]
    for sql, expected in (
        ("SELECT count(*) FROM {t}", "2"),
        ("SELECT sum(amount) FROM {t} WHERE id > 0 OR id = 2", "40"),
        ("SELECT count(*) FROM {t} a FULL JOIN {t} b ON a.id = b.id + 1", "4"),
        ("SELECT (SELECT count(*) FROM {t})", "2"),
        ("WITH x AS (SELECT id FROM {t}) SELECT count(*) FROM x", "2"),
        ("SELECT count(*) FROM (SELECT 1 AS one) CROSS JOIN LATERAL (SELECT id FROM {t})", "2"),
        ("SELECT count(*) FROM (VALUES 2) AS v (id) WHERE id IN (SELECT id FROM {t})", "0"),
        ("SELECT count(*) FROM (VALUES 2) AS v (id) WHERE NOT EXISTS (SELECT 1 FROM {t} WHERE {t}.id = v.id)", "1"),
    ):
        assert query(sql.format(t=name)).value == expected, sql
    assert query.fails(f"SELECT country FROM {name}").startswith("COLUMN_NOT_FOUND")


@pytest.mark.parametrize("name", ["people", "files"])
def test_an_error_does_not_tell_about_hidden_rows(caller: Caller, query: Statements, name: str) -> None:
    show_rows(caller, FRENCH, of=name)
    # The amount of the hidden row is 0, its e-mail is no number.
    assert query(f"SELECT id FROM {name} WHERE 1 / amount >= 0 ORDER BY id").rows == [("1",), ("3",)]
    said = query.fails(f"SELECT CAST(email AS integer) FROM {name}")
    assert "bob" not in said


def test_the_bytes_read_do_not_tell_about_hidden_rows(root: Statements, caller: Caller, query: Statements) -> None:
    root(iceberg("sorted", "SELECT * FROM (VALUES (1, 'a')) AS t (id, kind)"))
    root("INSERT INTO sorted VALUES (100, 'b')")
    show_rows(caller, "kind = 'a'", of="sorted")
    seen = {query(f"SELECT id FROM sorted WHERE id = {number}").scanned for number in (2, 100, 1000)}
    assert len(seen) == 1
    plan = "\n".join(str(row[0]) for row in query("EXPLAIN SELECT id FROM sorted WHERE id > 50").rows)
    assert "kind" not in plan
    root("DROP TABLE sorted")


def test_filters_add_up_if_they_have_the_same_columns(caller: Caller, query: Statements) -> None:
    show_rows(caller, FRENCH, "id", name="one")
    show_rows(caller, "amount BETWEEN 0 AND 5", "id", name="two")
    assert query("SELECT id FROM people ORDER BY id").rows == [("1",), ("2",), ("3",)]
    show_rows(caller, "id IN (3)", "amount", name="three")
    assert "different columns" in query.fails("SELECT id FROM people")


@pytest.mark.parametrize(
    "expression",
    ["upper(country) = 'FRANCE'", "id IN (SELECT 1)", "nothing = 1", "CAST(email AS integer) = 1", "id = 1) OR (true"],
)
def test_a_filter_that_is_none_of_lake_formation_shows_nothing(
    caller: Caller, query: Statements, expression: str
) -> None:
    show_rows(caller, expression)
    assert "row filter" in query.fails("SELECT id FROM people")


def test_partitions_are_read_and_not_listed(root: Statements, caller: Caller, query: Statements) -> None:
    where = f"external_location = '{location('parted')}', partitioned_by = ARRAY['country']"
    root(f"CREATE TABLE parted WITH ({where}) AS SELECT id, email, amount, country FROM people")
    show(caller, "id", of="parted")
    assert query("SELECT * FROM parted ORDER BY 1").rows == [("1",), ("2",), ("3",)]
    assert query.fails("SELECT id FROM parted WHERE country = 'France'").startswith("COLUMN_NOT_FOUND")
    assert "is not a partitioned table" in query.fails("SHOW PARTITIONS parted")
    assert query.fails('SELECT * FROM "parted$partitions"') == required("Select", "parted$partitions")
    caller.revoke_all()
    caller.grant({"Database": {"Name": DATABASE}}, "DESCRIBE")
    show_rows(caller, FRENCH, "id", "country", of="parted")
    assert query("SELECT id FROM parted WHERE country IN ('France', 'Spain') ORDER BY 1").rows == [("1",), ("3",)]
    assert query.fails("SHOW PARTITIONS parted") == required("Select", "parted.country")
    caller.grant({"Table": table("parted")}, "SELECT")
    assert query("SHOW PARTITIONS parted").rows == [("country=France",), ("country=Spain",)]
    root("DROP TABLE parted")


# --- History, views and metadata tables ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["snapshots", "history", "files", "partitions", "manifests", "refs"])
def test_metadata_tables_are_for_those_who_see_everything(caller: Caller, query: Statements, kind: str) -> None:
    show(caller, "id")
    assert query.fails(f'SELECT * FROM "people${kind}"') == required("Select", f"people${kind}")
    caller.revoke_all()
    caller.grant({"Database": {"Name": DATABASE}}, "DESCRIBE")
    show_rows(caller, FRENCH)
    assert query.fails(f'SELECT count(*) FROM "people${kind}"') == required("Select", f"people${kind}")
    caller.grant({"Table": table()}, "SELECT")
    query(f'SELECT * FROM "people${kind}"')


def test_an_earlier_snapshot_shows_what_is_shown_now(root: Statements, caller: Caller, query: Statements) -> None:
    root(iceberg("renamed"))
    [(first,)] = root('SELECT snapshot_id FROM "renamed$snapshots"').rows
    # The name of the hidden column now is that of a column that may be seen.
    root("ALTER TABLE renamed CHANGE COLUMN email mail string")
    root("ALTER TABLE renamed ADD COLUMNS (email string)")
    root("ALTER TABLE renamed CHANGE COLUMN country land string")
    root("INSERT INTO renamed VALUES (4, 'ida@x.fr', 'France', 5, 'public')")
    show(caller, "id", "email", "land", of="renamed")
    assert query(f"SELECT * FROM renamed FOR VERSION AS OF {first} ORDER BY 1").names == ["id", "country"]
    assert query.fails(f"SELECT email FROM renamed FOR VERSION AS OF {first}").startswith("COLUMN_NOT_FOUND")
    assert query("SELECT email FROM renamed WHERE id = 4").value == "public"
    caller.revoke_all()
    caller.grant({"Database": {"Name": DATABASE}}, "DESCRIBE")
    show_rows(caller, "land = 'France'", "id", of="renamed")
    assert query(f"SELECT id FROM renamed FOR VERSION AS OF {first} ORDER BY 1").rows == [("1",), ("3",)]
    assert query("SELECT id FROM renamed FOR TIMESTAMP AS OF current_timestamp ORDER BY 1").rows[-1] == ("4",)
    root("DROP TABLE renamed")


def test_a_view_needs_permissions_on_itself_and_on_its_tables(
    root: Statements, caller: Caller, query: Statements
) -> None:
    root("CREATE VIEW totals AS SELECT id, amount FROM people")
    assert query.fails("SELECT * FROM totals") == required("Describe", "totals")
    caller.grant({"Table": table("totals")}, "SELECT")
    assert query.fails("SELECT * FROM totals") == required("Describe", "people")
    assert [str(row[0]).strip() for row in query("SHOW COLUMNS IN totals").rows] == ["id", "amount"]
    show(caller, "id")
    assert query.fails("SELECT id FROM totals").startswith("COLUMN_NOT_FOUND")
    show(caller, "amount")
    assert query("SELECT * FROM totals ORDER BY 1").rows == [("1", "10"), ("2", "0"), ("3", "30")]
    root("DROP VIEW totals")


def test_a_view_shows_its_columns_that_are_granted(root: Statements, caller: Caller, query: Statements) -> None:
    root("CREATE VIEW totals AS SELECT amount, id FROM people")
    caller.grant({"Table": table()}, "SELECT")
    show(caller, "id", of="totals")
    assert query("SELECT * FROM totals ORDER BY 1").rows == [("1",), ("2",), ("3",)]
    assert query.fails("SELECT amount FROM totals").startswith("COLUMN_NOT_FOUND")
    root("DROP VIEW totals")


def test_a_view_is_made_of_what_is_shown(caller: Caller, query: Statements) -> None:
    caller.grant({"Database": {"Name": DATABASE}}, "CREATE_TABLE")
    show(caller, "id")
    assert query.fails("CREATE VIEW mine AS SELECT email FROM people").startswith("COLUMN_NOT_FOUND")
    query("CREATE VIEW mine AS SELECT * FROM people")
    assert query("SELECT * FROM mine ORDER BY 1").rows == [("1",), ("2",), ("3",)]
    query("DROP VIEW mine")


def test_a_view_does_not_read_filtered_rows(root: Statements, caller: Caller, query: Statements) -> None:
    root("CREATE VIEW totals AS SELECT id, amount FROM people")
    caller.grant({"Table": table("totals")}, "SELECT")
    show_rows(caller, FRENCH)
    assert "data cells filters do not apply to views" in query.fails("SELECT * FROM totals")
    root("DROP VIEW totals")


# --- Changes -------------------------------------------------------------------------------------------------


def objects() -> set[str]:
    pages = as_root("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return {entry["Key"] for page in pages for entry in page.get("Contents", [])}


CHANGES = (
    ("INSERT INTO {t} VALUES (9, 'x', 'y', 1)", "Insert"),
    ("UPDATE {t} SET amount = 1", "Select"),
    ("DELETE FROM {t} WHERE id = 2", "Select"),
    ("MERGE INTO {t} USING (VALUES 1) AS s (k) ON id = k WHEN MATCHED THEN DELETE", "Select"),
    ("OPTIMIZE {t} REWRITE DATA USING BIN_PACK", "Select"),
    ("VACUUM {t}", "Select"),
    ("ALTER TABLE {t} ADD COLUMNS (more string)", "Alter"),
    ("ALTER TABLE {t} SET TBLPROPERTIES ('vacuum_min_snapshots_to_keep' = '2')", "Alter"),
    ("ALTER TABLE {t} RENAME TO other", "Alter"),
    ("DROP TABLE {t}", "Drop"),
)


@pytest.mark.parametrize(("sql", "permission"), CHANGES)
def test_a_refused_change_leaves_nothing(caller: Caller, query: Statements, sql: str, permission: str) -> None:
    show(caller, "id", "amount")
    before = objects()
    assert query.fails(sql.format(t="people")) == required(permission, "people")
    assert objects() == before


@pytest.mark.parametrize(("sql", "permission"), CHANGES[1:6])
def test_rows_that_are_hidden_cannot_be_changed(caller: Caller, query: Statements, sql: str, permission: str) -> None:
    caller.grant({"Table": table()}, "INSERT", "DELETE", "ALTER", "DESCRIBE")
    show_rows(caller, FRENCH)
    before = objects()
    assert query.fails(sql.format(t="people")) == required(permission, "people")
    assert objects() == before


def test_new_tables_need_the_permission_and_the_location(caller: Caller, query: Statements) -> None:
    caller.grant({"Table": table()}, "SELECT")
    before = objects()
    hive = f"CREATE EXTERNAL TABLE mine (id int) LOCATION '{location('mine')}'"
    for sql in (iceberg("mine"), hive, "CREATE VIEW mine AS SELECT 1 AS one"):
        assert query.fails(sql) in (required("Describe", "mine"), required("Create Table", DATABASE))
    caller.grant({"Database": {"Name": DATABASE}}, "CREATE_TABLE")
    formation = as_root("lakeformation")
    formation.register_resource(ResourceArn=f"arn:aws:s3:::{BUCKET}", UseServiceLinkedRole=True)
    try:
        for sql in (iceberg("mine", location=f"'s3://{BUCKET}/else/mine/'"), hive.replace(DATABASE, "else")):
            assert "Insufficient Lake Formation permission(s) on s3://" in query.fails(sql)
    finally:
        formation.deregister_resource(ResourceArn=f"arn:aws:s3:::{BUCKET}")
    assert objects() == before


def test_what_a_role_copies_is_what_it_sees(root: Statements, caller: Caller, query: Statements) -> None:
    caller.grant({"Database": {"Name": DATABASE}}, "CREATE_TABLE")
    show_rows(caller, FRENCH, "id", "amount")
    query(iceberg("mine", "SELECT * FROM people"))
    assert root("SELECT * FROM mine ORDER BY 1").rows == [("1", "10"), ("3", "30")]
    query("INSERT INTO mine SELECT id + 10, amount FROM people")
    assert root("SELECT id FROM mine ORDER BY 1").rows == [("1",), ("3",), ("11",), ("13",)]
    query("DELETE FROM mine WHERE id > 10")
    query(f"UNLOAD (SELECT * FROM people) TO '{location('unloaded')}' WITH (format = 'TEXTFILE', compression = 'NONE')")
    [key] = [key for key in objects() if "/unloaded/" in key]
    body = as_root("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert sorted(body.splitlines()) == [b"1\x0110", b"3\x0130"]
    as_root("s3").delete_object(Bucket=BUCKET, Key=key)
    query("DROP TABLE mine")


def test_a_database_with_a_table_of_another_is_not_dropped_in_part(caller: Caller, query: Statements) -> None:
    query("CREATE DATABASE mine")
    query("CREATE VIEW mine.own AS SELECT 1 AS one")
    as_root("glue").create_table(
        DatabaseName="mine", TableInput={"Name": "theirs", "StorageDescriptor": {"Columns": []}}
    )
    caller.grant({"Table": {"DatabaseName": "mine", "Name": "theirs"}}, "DESCRIBE")
    assert query.fails("DROP DATABASE mine CASCADE") == required("Drop", "theirs")
    assert len(as_root("glue").get_tables(DatabaseName="mine")["TableList"]) == 2
    as_root("glue").delete_database(Name="mine")
