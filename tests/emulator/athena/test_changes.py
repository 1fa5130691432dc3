"""INSERT, UPDATE, DELETE and MERGE on Iceberg tables: the rows, their counts, and the statements that are refused."""

import random
from typing import Any

import pytest

from emulator.runtime import server_lifecycle
from tests.support.emulator.athena_client import DATABASE, Athena, iceberg
from tests.support.examples import examples

STOCK = """
    SELECT id, name, CAST(price AS decimal(10, 2)) AS price, CAST(day AS date) AS day FROM (VALUES
        (1, 'bolt', 1.50, '2024-01-10'), (2, 'nut', 0.50, '2024-01-20'), (3, 'gear', 9.00, '2024-02-10'),
        (4, NULL, NULL, NULL)
    ) AS t (id, name, price, day)
"""


@pytest.fixture
def stock(athena: Athena, table: str) -> str:
    athena(iceberg(table, STOCK, partitioning="ARRAY['month(day)']"))
    return table


def rows(athena: Athena, table: str) -> list[tuple[str | None, ...]]:
    return athena(f"SELECT id, name, price FROM {table} ORDER BY id, name").rows


def files(athena: Athena, table: str) -> set[str | None]:
    return {path for (path,) in athena(f'SELECT file_path FROM "{table}$files"').rows}


def test_insert(athena: Athena, stock: str) -> None:
    assert athena(f"INSERT INTO {stock} VALUES (5, 'cog', DECIMAL '2.25', DATE '2024-03-01')").update_count == 1
    assert athena(f"INSERT INTO {stock} (name, id) SELECT name, id + 10 FROM {stock} WHERE id < 3").update_count == 2
    assert rows(athena, stock)[4:] == [("5", "cog", "2.25"), ("11", "bolt", None), ("12", "nut", None)]
    assert athena(f"INSERT INTO {stock} SELECT * FROM {stock} WHERE false").update_count == 0


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("INSERT INTO {t} VALUES (1)", "TYPE_MISMATCH: line 1:1: Insert query has mismatched column types"),
        ("INSERT INTO {t} (id) VALUES ('x')", "TYPE_MISMATCH: line 1:1: Insert query has mismatched column types"),
        ("INSERT INTO {t} (id, id) VALUES (1, 2)", "DUPLICATE_COLUMN_NAME"),
        ("INSERT INTO {t} (nope) VALUES (1)", "COLUMN_NOT_FOUND: line 1:1: Insert column name does not exist"),
        ("INSERT INTO nope VALUES (1)", "TABLE_NOT_FOUND: line 1:1: Table 'awsdatacatalog.shop.nope' does not exist"),
        ("UPDATE {t} SET nope = 1", "COLUMN_NOT_FOUND"),
        ("UPDATE {t} SET name = 1", "TYPE_MISMATCH: line 1:"),
        ("DELETE FROM {t} WHERE nope = 1", "COLUMN_NOT_FOUND"),
        ("DELETE FROM {t} WHERE id", "TYPE_MISMATCH"),
    ],
)
def test_a_statement_that_does_not_fit_the_table_is_refused(athena: Athena, stock: str, sql: str, reason: str) -> None:
    before = athena(f'SELECT count(*) FROM "{stock}$snapshots"').value
    assert athena.fails(sql.replace("{t}", stock)).startswith(reason)
    assert athena(f'SELECT count(*) FROM "{stock}$snapshots"').value == before


def test_update_rewrites_only_files_with_changed_rows(athena: Athena, stock: str) -> None:
    before = files(athena, stock)
    assert (
        athena(
            f"UPDATE {stock} SET price = CAST(price * 2 AS decimal(10, 2)), name = upper(name) WHERE id = 3"
        ).update_count
        == 1
    )
    assert rows(athena, stock)[2] == ("3", "GEAR", "18.00")
    after = files(athena, stock)
    assert len(before) == 3
    assert len(before & after) == 2
    assert athena(f"UPDATE {stock} SET price = 0 WHERE id > 99").update_count == 0
    assert files(athena, stock) == after
    assert (
        athena(
            f"UPDATE {stock} SET price = CAST(id AS decimal(10, 2)) WHERE price IS NULL OR id IN (SELECT 1)"
        ).update_count
        == 2
    )
    assert [price for _, _, price in rows(athena, stock)] == ["1.00", "0.50", "18.00", "4.00"]


def test_update_moves_rows_between_partitions(athena: Athena, stock: str) -> None:
    athena(f"UPDATE {stock} SET day = DATE '2024-02-28' WHERE id = 1")
    assert athena(f'SELECT partition, record_count FROM "{stock}$partitions" ORDER BY record_count DESC, 1').rows == [
        ("{day_month=649}", "2"),
        ("{day_month=648}", "1"),
        ("{day_month=null}", "1"),
    ]


def test_delete(athena: Athena, stock: str) -> None:
    assert athena(f"DELETE FROM {stock} WHERE price > 1 AND day < DATE '2024-02-01'").update_count == 1
    assert [row[0] for row in rows(athena, stock)] == ["2", "3", "4"]
    assert athena(f"DELETE FROM {stock} WHERE price IS NULL").update_count == 1
    assert athena(f"DELETE FROM {stock}").update_count == 2
    assert athena(f"SELECT count(*) FROM {stock}").value == "0"
    athena(f"INSERT INTO {stock} VALUES (1, 'again', NULL, NULL)")
    assert rows(athena, stock) == [("1", "again", None)]


MERGE = """
    MERGE INTO {t} AS t USING (VALUES {rows}) AS s (id, op, price) ON t.id = s.id
    WHEN MATCHED AND s.op = 'delete' THEN DELETE
    WHEN MATCHED AND s.op = 'half' THEN UPDATE SET price = t.price / 2
    WHEN MATCHED THEN UPDATE SET price = s.price, name = s.op
    WHEN NOT MATCHED AND s.op <> 'delete' THEN INSERT (id, name, price) VALUES (s.id, s.op, s.price)
"""


def test_merge_takes_the_first_clause_that_fits(athena: Athena, stock: str) -> None:
    source = "(1, 'delete', 0.0), (2, 'half', 7.0), (3, 'set', 5.0), (8, 'new', 6.0), (9, 'delete', 0.0)"
    assert athena(MERGE.format(t=stock, rows=source)).update_count == 4
    assert rows(athena, stock) == [("2", "nut", "0.25"), ("3", "set", "5.00"), ("4", None, None), ("8", "new", "6.00")]


def test_merge_refuses_a_row_that_several_rows_match(athena: Athena, stock: str) -> None:
    before = rows(athena, stock)
    reason = athena.fails(MERGE.format(t=stock, rows="(1, 'a', 1.0), (1, 'b', 2.0)"))
    assert reason.startswith("MERGE_TARGET_ROW_MULTIPLE_MATCHES: ")
    assert rows(athena, stock) == before
    # several new rows with one key are all inserted: nothing of the target matches
    assert athena(MERGE.format(t=stock, rows="(7, 'a', 1.0), (7, 'b', 2.0)")).update_count == 2


def test_merge_refuses_not_matched_by_source(athena: Athena, stock: str) -> None:
    sql = f"MERGE INTO {stock} t USING {stock} s ON t.id = s.id WHEN NOT MATCHED BY SOURCE THEN DELETE"
    with pytest.raises(athena.client.exceptions.InvalidRequestException, match="BY"):
        athena.start(sql)


def test_merge_of_a_table_with_itself_and_of_a_query(athena: Athena, stock: str) -> None:
    sql = f"""
        MERGE INTO {stock} t USING (SELECT id, max(price) AS top FROM {stock} GROUP BY id) s
        ON (t.id = s.id AND s.top > 1)
        WHEN MATCHED THEN UPDATE SET name = concat(t.name, '!')
        WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id + 100)
    """
    assert athena(sql).update_count == 4
    assert [row[:2] for row in rows(athena, stock)] == [
        *(("1", "bolt!"), ("2", "nut"), ("3", "gear!"), ("4", None)),
        *(("102", None), ("104", None)),
    ]


def test_a_null_key_matches_nothing(athena: Athena, stock: str) -> None:
    athena(f"INSERT INTO {stock} (name) VALUES ('no id')")
    source = "(CAST(NULL AS integer), 'x', 1.0)"
    assert athena(MERGE.format(t=stock, rows=source)).update_count == 1
    assert [row for row in rows(athena, stock) if row[0] is None] == [(None, "no id", None), (None, "x", "1.00")]


def test_nested_values_survive_a_rewrite(athena: Athena, table: str) -> None:
    athena(
        iceberg(
            table,
            """SELECT * FROM (VALUES
                (1, ARRAY[CAST(ROW(1, 'x') AS ROW(a integer, b varchar))], MAP(ARRAY['k'], ARRAY[1]), X'00FF'),
                (2, NULL, NULL, NULL), (3, ARRAY[], MAP(), X''), (4, ARRAY[NULL], MAP(ARRAY['n'], ARRAY[NULL]), X'20')
            ) AS t (id, items, counts, raw)""",
        )
    )
    before = athena(f"SELECT items, counts, raw, items IS NULL, counts IS NULL FROM {table} ORDER BY id").rows
    assert before == [
        ("[{a=1, b=x}]", "{k=1}", "00 ff", "false", "false"),
        (None, None, None, "true", "true"),
        ("[]", "{}", "", "false", "false"),
        ("[null]", "{n=null}", "20", "false", "false"),
    ]
    assert athena(f"UPDATE {table} SET id = id + 10").update_count == 4
    assert athena(f"SELECT items, counts, raw, items IS NULL, counts IS NULL FROM {table} ORDER BY id").rows == before


def test_pyiceberg_reads_the_files_of_athena(aws: server_lifecycle.Server, athena: Athena, stock: str) -> None:
    from tests.support.emulator import glue_catalog

    athena(MERGE.format(t=stock, rows="(1, 'delete', 0.0), (3, 'set', 5.0), (8, 'new', 6.0)"))
    written = glue_catalog.load().load_table((DATABASE, stock)).scan(row_filter="id >= 3").to_arrow()
    assert sorted(written["id"].to_pylist()) == [3, 4, 8]
    assert written.schema.names == ["id", "name", "price", "day"]


def test_random_merges_do_what_a_dictionary_does(athena: Athena, table: str) -> None:
    chance = random.Random(7)  # noqa: S311 - test data
    athena(iceberg(table, f"SELECT * FROM ({STOCK}) WHERE id = 1", partitioning="ARRAY['bucket(id, 3)']"))
    expected: dict[int, tuple[Any, Any]] = {1: ("bolt", 1.5)}
    for _ in range(examples(24)):
        source = {
            chance.randrange(20): (chance.choice(["delete", "half", "a", "b"]), chance.randrange(64)) for _ in range(6)
        }
        athena(MERGE.format(t=table, rows=", ".join(f"({i}, '{op}', {p}.0)" for i, (op, p) in source.items())))
        for key, (op, price) in source.items():
            if op == "delete":
                expected.pop(key, None)
            elif key in expected and op == "half":
                name, old = expected[key]
                expected[key] = (name, round(old * 50 + 1e-9) / 100)
            else:
                expected[key] = (op, float(price))
        if chance.random() < 0.4:
            low = chance.randrange(20)
            athena(f"DELETE FROM {table} WHERE id BETWEEN {low} AND {low + 2}")
            expected = {key: value for key, value in expected.items() if not low <= key <= low + 2}
    actual = {int(i or 0): (n, float(p or 0)) for i, n, p in rows(athena, table)}
    assert actual == expected
