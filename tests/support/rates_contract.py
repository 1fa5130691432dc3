"""The contract of what the central bank publishes, for a test's own API."""

from dataclasses import replace

from lakehouse.apis.client import Retries
from lakehouse.contracts import types
from lakehouse.contracts.api_source import Api, Incremental
from lakehouse.contracts.model import Column, Contract, Ingest, Source
from local.sources import rates_api

FEW_RETRIES = Retries(tries=4, first_wait=0.01, longest_wait=1.0, timeout=5.0)


def _column(name: str, type_: types.Type) -> Column:
    return Column(name=name, type=type_, source_name=name, required=True)


RATES = Contract(
    path="contracts/finance/exchange_rates.odcs.yaml",
    domain="finance",
    dataset="exchange_rates",
    version="1.0.0",
    columns=(
        _column("day", types.DATE),
        _column("currency", types.STRING),
        _column("rate", types.decimal(18, 6)),
        _column("published_at", types.TIMESTAMP),
    ),
    key=("day", "currency"),
    ingest=Ingest.CDC,
    ordering=("published_at",),
    source=Source(
        name=rates_api.SOURCE,
        type="api",
        format="json",
        api=Api(
            location=f"https://rates.example.com{rates_api.PATH}",
            paginator="cursor",
            paging=(("cursor_path", "next"), ("cursor_param", "page")),
            records=("rates",),
            incremental=Incremental(column="published_at", parameter="after", start="2026-02-01T00:00:00Z"),
        ),
    ),
)


def with_api(contract: Contract = RATES, **changed: object) -> Contract:
    """The contract with another way to call its API."""
    assert contract.source.api is not None
    api = replace(contract.source.api, **changed)  # type: ignore[arg-type]
    return replace(contract, source=replace(contract.source, api=api))
