"""`lakehouse reconcile` finds the keys that differ from PostgreSQL, whatever their types, and repairs no more."""

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from emulator.runtime.server_lifecycle import Server
from lakehouse.contracts import types
from lakehouse.contracts.model import Column, Contract, Format, Ingest, Options, Source
from lakehouse.engine import catalog
from lakehouse.errors import LakehouseError
from lakehouse.reconciliation import compare
from lakehouse.reconciliation.reconciliation import reconcile_dataset
from tests.support.moves.lake import column
from tests.support.replication.site import Site, opened_site

JSON, TIME = Options(format=Format.JSON), Options(format=Format.TIME)


def of(table: str, *columns: Column, key: tuple[str, ...]) -> Contract:
    return Contract(
        path=f"contracts/test/{table}.odcs.yaml",
        domain="test",
        dataset=table,
        version="1.0.0",
        columns=tuple(replace(one, required=one.name in key) for one in columns),
        key=key,
        ingest=Ingest.CDC,
        source=Source(
            name="reconciled", type="postgresql", format="parquet", database="reconciled", schema="public", table=table
        ),
        ordering=("_change_seq",),
    )


@pytest.fixture(scope="module")
def site(aws: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened_site(aws, tmp_path_factory.mktemp("reconciled"), project="reconciled") as opened:
        yield opened


def test_equal_counts_with_other_values_are_found_and_repaired(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "FEW_ROWS", 20)
    monkeypatch.setattr(compare, "PARTS", 4)
    contract = of("many", column("id", types.LONG), column("v", types.STRING), key=("id",))
    site.connection.execute("CREATE TABLE many (id bigint PRIMARY KEY, v text)")
    site.connection.execute("INSERT INTO many SELECT n * 10, 'v' || n FROM generate_series(1, 2000) n")
    site.create(contract)
    assert site.reconcile(contract) == {}
    site.unlogged("UPDATE many SET v = 'other' WHERE id = 770; UPDATE many SET v = NULL WHERE id = 13000")
    site.unlogged("DELETE FROM many WHERE id = 20000; INSERT INTO many VALUES (-5, 'new')")
    expected = {("770",): "different", ("13000",): "different", ("20000",): "extra", ("-5",): "missing"}
    assert site.reconcile(contract) == expected
    result = reconcile_dataset(contract, names=site.names, catalog=catalog.load())
    assert result.comparison.queries < 30, "only ranges that differ are read"
    assert "4 keys differ from public.many in reconciled: 1 missing, 1 extra, 2 different" in (
        result.comparison.summary(contract)
    )
    assert site.reconcile(contract, repair=True) == expected
    site.take(contract)
    assert site.reconcile(contract) == {}


ODD = [
    ("text", types.STRING, ["", "a b", "A", "a", "ä", "'quoted' \"twice\" \\ %s", "Ω 漢字 😀", "-", "_", "z"]),
    ("char(5)", types.STRING, ["ab", "a  b", "", "Ö"]),
    ("numeric(38,4)", types.decimal(38, 4), ["9" * 34 + ".9999", "-" + "9" * 34 + ".9999", "0", "-0.0001", "1.5"]),
    ("bigint", types.LONG, ["9223372036854775807", "-9223372036854775808", "0", "-1"]),
    ("timestamptz", types.TIMESTAMP, ["0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00",
     "1969-12-31 23:59:59.999999+00", "2026-03-29 01:00:00.000001+00"]),
    ("timestamp", types.TIMESTAMP, ["0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "1970-01-01 00:00:00"]),
    ("date", types.DATE, ["0001-01-01", "9999-12-31", "1969-12-31", "2024-02-29"]),
    ("uuid", types.STRING, ["00000000-0000-0000-0000-000000000000", "FFFFFFFF-ffff-4fff-8fff-ffffffffffff"]),
]  # fmt: skip


def test_composite_keys_of_every_type(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """In ranges of few rows, so that each type decides the order of some."""
    monkeypatch.setattr(compare, "FEW_ROWS", 2)
    monkeypatch.setattr(compare, "PARTS", 3)
    names = [f"k{number}" for number in range(len(ODD))]
    columns = [column(name, type_) for name, (_, type_, _) in zip(names, ODD, strict=True)]
    contract = of("composite", *columns, column("v", types.INT), key=tuple(names))
    definitions = ", ".join(f"{name} {kind}" for name, (kind, _, _) in zip(names, ODD, strict=True))
    site.connection.execute(f"CREATE TABLE composite ({definitions}, v int, PRIMARY KEY ({', '.join(names)}))")
    first = [values[0] for _, _, values in ODD]
    keys = {(*first[:at], value, *first[at + 1 :]) for at, (_, _, values) in enumerate(ODD) for value in values}
    marks = ", ".join(["%s"] * (len(ODD) + 1))
    for number, key in enumerate(sorted(keys)):
        site.connection.execute(f"INSERT INTO composite VALUES ({marks})", [*key, number])
    site.create(contract)
    assert site.reconcile(contract) == {}
    rows = {row.pop("v"): row for row in site.rows(contract)}
    assert len(rows) == len(keys)
    site.unlogged("UPDATE composite SET v = -v - 100 WHERE v % 3 = 0; DELETE FROM composite WHERE v % 3 = 1")
    expected = ["different" if number % 3 == 0 else "extra" for number in rows if number % 3 != 2]
    assert sorted(site.reconcile(contract, repair=True).values()) == sorted(expected)
    site.take(contract)
    assert site.reconcile(contract) == {}
    found = {row.pop("v"): row for row in site.rows(contract)}
    assert found == {(-v - 100 if v % 3 == 0 else v): row for v, row in rows.items() if v % 3 != 1}


VALUES = [
    column("i", types.INT), column("r", types.FLOAT), column("f", types.DOUBLE), column("n", types.decimal(38, 10)),
    column("u", types.decimal(28, 6)), column("bo", types.BOOLEAN), column("d", types.DATE),
    column("at", types.TIMESTAMP), column("ts", types.TIMESTAMP), column("by", types.BINARY), column("c", types.STRING),
    Column(name="j", type=types.STRING, source_name="j", options=JSON),
    Column(name="ti", type=types.STRING, source_name="ti", options=TIME),
    column("ip", types.STRING), column("big", types.STRING), column("iv", types.STRING), column("dt", types.STRING),
    column("tags", types.list_of(types.STRING)), column("nums", types.list_of(types.DOUBLE)),
]  # fmt: skip
ROWS = [
    (1, "1.1", "1e300", "1.0000000001", "1.5", True, "2026-01-31", "2026-01-31 10:00:00.000001+02",
     "2026-01-31 24:00:00", "\\x00ff", "ab", '{"b": 1, "a": "é"}', "23:59:59.999999",
     "192.168.1.1", "1.5", "1 year 2 days", "2026-01-01", ["a", None, "", "1:x"], [1.5, None]),
    (-1, "3.4028235e38", "4.9e-324", "-0.0000000001", "0", False, "0001-01-01", "0001-01-01 00:00:00+00",
     "9999-12-31 23:59:59.999999", "\\x", "", "[]", "00:00:00", "::1/64", "123456789", "-3 hours", "9999-12-31",
     [], [-0.0]),
    (2147483647, "-0", "-0", "9" * 28, "-0.000001", *[None] * 14),
    (0, "1e-45", "0.1", "0.5", "12345678901234567890.123456", True, "1969-12-31", "1969-12-31 23:59:59+00",
     "1970-01-01", "\\x27", "'", '"x"', "12:00:00.0005", "10.0.0.0/8", "0", "1 mon", "2024-02-29", ["ä"], []),
]  # fmt: skip


@pytest.mark.slow
def test_values_of_every_type_are_equal_or_different(site: Site) -> None:
    contract = of("vals", column("id", types.INT), *VALUES, key=("id",))
    site.connection.execute(
        "CREATE TABLE vals (id int PRIMARY KEY, i int, r real, f double precision, n numeric(38,10), u numeric, "
        "bo boolean, d date, at timestamptz, ts timestamp, by bytea, c char(4), j json, ti time, ip inet, "
        "big numeric(12,3), iv interval, dt date, tags text[], nums double precision[])"
    )
    marks = ", ".join(["%s"] * 20)
    for number, row in enumerate(ROWS):
        site.connection.execute(f"INSERT INTO vals VALUES ({marks})", [number, *row])
    site.connection.execute("CREATE TABLE before AS SELECT * FROM vals")
    site.create(contract)
    assert site.reconcile(contract) == {}
    for one in VALUES:  # each value alone makes a difference: null, and the value of another row
        site.unlogged(f"UPDATE vals SET {one.name} = NULL WHERE id = 0")
        site.unlogged(f"UPDATE vals SET {one.name} = (SELECT {one.name} FROM vals WHERE id = 3) WHERE id = 1")
        assert site.reconcile(contract) == {("0",): "different", ("1",): "different"}, one.name
        site.unlogged(f"UPDATE vals SET {one.name} = before.{one.name} FROM before WHERE before.id = vals.id")
        assert site.reconcile(contract) == {}, one.name
    site.unlogged("UPDATE vals SET i = 7, c = 'x', f = 0.1, at = now(), by = 'b', bo = NOT bo, r = 0, n = 1, d = now()")
    assert set(site.reconcile(contract, repair=True).values()) == {"different"}
    site.take(contract)
    assert site.reconcile(contract) == {}


@pytest.mark.slow
def test_a_repair_loses_no_later_change_and_supersedes_an_earlier_one(site: Site) -> None:
    contract = of("race", column("id", types.INT), column("v", types.STRING), key=("id",))
    site.connection.execute(
        "CREATE TABLE race (id int PRIMARY KEY, v text); INSERT INTO race VALUES (1, 'a'), (2, 'b')"
    )
    site.create(contract)
    site.unlogged("UPDATE race SET v = 'unseen'; INSERT INTO race VALUES (3, 'unseen')")
    # Before the moment of the repair, but on its way: the repair has it, and it arrives later.
    site.connection.execute("UPDATE race SET v = 'before' WHERE id = 2")
    assert set(site.reconcile(contract, repair=True)) == {("1",), ("2",), ("3",)}
    # After the moment: it arrives before the repair is read, and wins.
    site.connection.execute("UPDATE race SET v = 'after' WHERE id = 1; DELETE FROM race WHERE id = 3")
    site.move(contract)
    assert site.reconcile(contract) == {}
    assert {row["id"]: row["v"] for row in site.rows(contract)} == {1: "after", 2: "before"}


def test_a_transaction_that_is_open_at_the_moment_is_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakehouse.reconciliation.snapshot.WAIT_SECONDS", 0.5)
    contract = of("open", column("id", types.INT), column("v", types.STRING), key=("id",))
    site.connection.execute('CREATE TABLE "open" (id int PRIMARY KEY, v text)')
    site.create(contract)
    with psycopg.connect(site.replicator.database.conninfo) as other:
        other.execute('INSERT INTO "open" VALUES (1, NULL)')
        with pytest.raises(LakehouseError, match="a transaction of the source has been open for"):
            site.reconcile(contract)


def test_what_cannot_be_compared_is_refused_by_name(site: Site) -> None:
    contract = of("many", column("id", types.LONG), column("v", types.STRING), key=("id",))
    for refused, message in (
        (replace(contract, ingest=Ingest.APPEND), "only a dataset with `ingest: cdc` from PostgreSQL"),
        (replace(contract, source=replace(contract.source, table="none")), "has no table public.none"),
        (replace(contract, columns=(*contract.columns, column("w", types.INT))), "has no column w: rename it back"),
        (replace(contract, columns=(column("id", types.DOUBLE), contract.columns[1])), "key column id is double in"),
    ):
        with pytest.raises(LakehouseError, match=message):
            site.reconcile(refused)
