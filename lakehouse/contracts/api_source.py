"""How a REST API is called, as a contract says it."""

from dataclasses import dataclass

Word = str | int | bool
Words = tuple[tuple[str, Word], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incremental:
    """How a pull asks for what the pulls before it did not bring.

    Args:
        column: column whose greatest value so far is the cursor.
        parameter: query parameter that takes the cursor.
        start: what the first pull sends; None sends nothing.
    """

    column: str
    parameter: str
    start: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One endpoint of a REST API.

    Args:
        location: its URL without a query, e.g. `https://api.example.com/v1/rates`.
        paginator: how one page leads to the next: a type of dlt's REST source, e.g. `cursor`.
        paging: settings of the paginator, in dlt's words.
        records: names that lead to the array of records in a page; none when the page is the array itself.
        incremental: None when each pull brings all of it.
        parameters: query parameters of every request.
        requests_a_minute: never more; None knows no limit but the API's own answers.
        token_header: header that takes the secret's token; None is `Authorization: Bearer`.
    """

    location: str
    paginator: str
    paging: Words = ()
    records: tuple[str, ...] = ()
    incremental: Incremental | None = None
    parameters: Words = ()
    requests_a_minute: int | None = None
    token_header: str | None = None
