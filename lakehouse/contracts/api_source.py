"""Settings of the calls to a REST API, from a contract."""

from dataclasses import dataclass

Parameters = tuple[tuple[str, str | int | bool], ...]
"""Names and values, in the order of the contract; a tuple, so that contracts are hashable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incremental:
    """How a pull requests only the records that are new since the previous pull.

    Attributes:
        column: column whose greatest value so far is the cursor.
        parameter: query parameter for the cursor.
        start: cursor of the first pull; None if it sends no cursor.
    """

    column: str
    parameter: str
    start: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One endpoint of a REST API.

    Attributes:
        location: its URL without a query, e.g. `https://api.example.com/v1/rates`.
        paginator: type of paginator of dlt's REST source, e.g. `cursor`.
        paging: settings of the paginator, with dlt's names.
        records: path to the array of records in a page; empty if the page is the array itself.
        incremental: how new records are requested; None if each pull reads everything.
        parameters: query parameters of every request.
        requests_a_minute: maximum rate; None if only the API's own answers limit it.
        token_header: header for the secret's token; None for `Authorization: Bearer`.
    """

    location: str
    paginator: str
    paging: Parameters = ()
    records: tuple[str, ...] = ()
    incremental: Incremental | None = None
    parameters: Parameters = ()
    requests_a_minute: int | None = None
    token_header: str | None = None
