"""Artifacts of a small dbt build: a fact that was built and tested, a mart that failed, and one that was skipped."""

from typing import Any

from lakehouse.names import Names, Zone

Json = dict[str, Any]

SQL = """
    with kept as (select order_id, amount * (1 - discount) as net from "awsdatacatalog"."{raw}"."orders" where ok)
    select order_id, net, upper('x') as constant from kept
"""
START, END = "2026-03-01T10:00:00.000000Z", "2026-03-01T10:00:02.500000Z"


def manifest(names: Names) -> Json:
    raw, curated = names.database(Zone.RAW), names.database(Zone.CURATED)
    models = {
        "fct": SQL.format(raw=raw),
        "mart": f'select sum(net) as total from "awsdatacatalog"."{curated}"."fct"',
        "late": "select 1",
    }
    reads = {"fct": ["source.shop.raw.orders"], "mart": ["model.shop.fct"], "late": ["model.shop.mart"]}
    nodes: Json = {
        f"model.shop.{name}": {
            "resource_type": "model",
            "name": name,
            "schema": curated,
            "alias": name,
            "compiled_code": code,
            "depends_on": {"nodes": reads[name]},
        }
        for name, code in models.items()
    }
    nodes["test.shop.unique_fct.1"] = {
        "resource_type": "test",
        "name": "unique_fct",
        "column_name": "order_id",
        "config": {"severity": "ERROR"},
        "depends_on": {"nodes": ["model.shop.fct"]},
    }
    source = {"resource_type": "source", "name": "orders", "identifier": "orders", "schema": raw}
    return {"nodes": nodes, "sources": {"source.shop.raw.orders": source}}


def results() -> Json:
    times = [
        {"name": "compile", "started_at": START, "completed_at": START},
        {"name": "execute", "started_at": START, "completed_at": END},
    ]
    done = {"timing": times, "adapter_response": {"rows_affected": 7}, "message": None}
    return {
        "metadata": {"invocation_id": "0c4a"},
        "results": [
            done | {"unique_id": "model.shop.fct", "status": "success"},
            done | {"unique_id": "test.shop.unique_fct.1", "status": "pass", "adapter_response": {}},
            done | {"unique_id": "model.shop.mart", "status": "error", "message": "TABLE_NOT_FOUND: line 1:8"},
            done | {"unique_id": "model.shop.late", "status": "skipped", "timing": []},
        ],
    }


def columns(names: Names) -> dict[tuple[str, str], dict[str, str]]:
    """Columns of the tables that there are."""
    return {
        (names.database(Zone.RAW), "orders"): {
            "order_id": "bigint",
            "amount": "decimal(10,2)",
            "discount": "double",
            "ok": "boolean",
        },
        (names.database(Zone.CURATED), "fct"): {"order_id": "bigint", "net": "double", "constant": "string"},
    }
