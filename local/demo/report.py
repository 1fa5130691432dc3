"""The end of the demo: what is in the lakehouse now, as Athena sees it."""

from collections.abc import Sequence
from itertools import islice

import boto3
from rich.table import Table

from lakehouse.batches.quarantine import rejected
from lakehouse.cli.commands.quarantine import show
from lakehouse.contracts.model import Contract, Ingest
from lakehouse.engine import catalog
from lakehouse.engine.athena import query
from lakehouse.names import Names, Zone
from local.lake import Lake
from local.profiles import acting_as
from local.progress import console

MART_ROWS = 8


def report(deployment: Lake, contracts: Sequence[Contract]) -> None:
    """Print the number of records in each zone, the mart, and some rejected records."""
    names = deployment.names
    console.print("\n[bold]Records by dataset and zone[/] (Athena SQL over the Iceberg tables)")
    zones = Table("dataset")
    for column in ("received", "accepted", "rejected", "integration", "deleted"):
        zones.add_column(column, justify="right")
    # An engineer sees no reasons of rejected records, because they contain values.
    with acting_as(deployment.server, "operator"):
        group = names.workgroup_of("operator")
        counted = query(boto3.client("athena"), _counts(names, contracts), names=names, workgroup=group)
    for row in counted.rows:
        zones.add_row(row[0], *(f"{int(count or 0):,}" for count in row[1:]))
    console.print(zones)

    mart = f"{names.database(Zone.CURATED)}.sales_by_region_month"
    columns = "region, month, orders, items, net_revenue"
    sql = f"select {columns} from {mart} order by month desc, net_revenue desc limit {MART_ROWS}"  # noqa: S608
    console.print(f"[bold]{sql}[/]")
    with acting_as(deployment.server, "engineer"):
        group = names.workgroup_of("engineer")
        result = query(boto3.client("athena"), sql, names=names, workgroup=group)
    sales = Table("region", "month")
    for name, _ in result.columns[2:]:
        sales.add_column(name, justify="right")
    for row in result.rows:
        sales.add_row(*(value or "" for value in row))
    console.print(sales)

    (store_sales,) = (contract for contract in contracts if contract.dataset == "store_sales")
    console.print("[bold]Three rejected records[/] (lakehouse quarantine store_sales)")
    with acting_as(deployment.server, "operator"):
        for record in islice(rejected(catalog.load(), store_sales, names=names), 3):
            show(record)


def _counts(names: Names, contracts: Sequence[Contract]) -> str:
    """Return SQL that counts each dataset's records in raw and its live and deleted rows in integration."""
    raw, integration = names.database(Zone.RAW), names.database(Zone.INTEGRATION)
    return " union all ".join(
        f"""
        select '{contract.dataset}' as dataset, received, accepted, received - accepted as rejected, live, deleted
        from (select count(*) as received, count_if(_errors is null) as accepted from {raw}.{contract.dataset})
        cross join (
            select count_if(not {deleted}) as live, count_if({deleted}) as deleted from {integration}.{contract.dataset}
        )
        """  # noqa: S608 - the names come from contracts
        for contract in contracts
        for deleted in ["false" if contract.ingest is Ingest.APPEND else "_is_deleted"]
    )
