"""Read a response as a page: it is complete, it is JSON, and it has its records at the place in the contract."""

import hashlib
import json
from decimal import Decimal
from typing import Any, NamedTuple

from requests import RequestException, Response
from urllib3.exceptions import HTTPError as BrokenOffError

from lakehouse.contracts.model import Source

LARGEST = 64 * 2**20
"""Bytes of a page, decompressed; if an API sends larger pages, the contract has to request smaller ones."""

_PART = 2**20
_SHOWN = 200


class PageError(RequestException):
    """A response that is not a page; the same request may succeed when it is retried."""


class Page(NamedTuple):
    """One response.

    Attributes:
        body: its bytes, decoded from the transfer encoding.
        records: its records as JSON values; numbers are decimals.
    """

    body: bytes
    records: list[Any]

    @property
    def digest(self) -> str:
        """SHA-256 of the records alone; an API may add other data to each response, such as the time."""
        return hashlib.sha256(json.dumps(self.records, default=str).encode()).hexdigest()


def body_of(response: Response) -> bytes:
    """Return all bytes of a response.

    Args:
        response: a streamed response that was not read yet.

    Raises:
        PageError: it broke off, is damaged or larger than `LARGEST`.
    """
    body = bytearray()
    try:
        for part in response.raw.stream(_PART, decode_content=True):
            body += part
            if len(body) > LARGEST:
                raise PageError(f"larger than {LARGEST:,} bytes: request smaller pages by `parameters`")
    except BrokenOffError as error:
        raise PageError(f"it broke off after {len(body):,} bytes: {error}") from error
    return bytes(body)


def read(body: bytes, source: Source) -> Page:
    """Read a page.

    Args:
        body: body of a response.
        source: the API.

    Raises:
        PageError: the body is not JSON, or has no records at the place in the contract.
    """
    assert source.api is not None
    try:
        text = body.decode(source.encoding)
        if source.format == "jsonl":
            return Page(body, [_load(line) for line in text.split("\n") if line.strip()])
        value = _load(text)
    except (ValueError, RecursionError) as error:
        raise PageError(f"expected JSON, found {show(body)}: {error}") from error
    for name in source.api.records:
        value = value.get(name) if isinstance(value, dict) else None
    if source.api.records:
        if not isinstance(value, list):
            raise PageError(f"expected an array at {'.'.join(source.api.records)!r}, found {show(body)}")
        return Page(body, value)
    return Page(body, value if isinstance(value, list) else [value])


def show(body: bytes) -> str:
    """Return the beginning of a body in ASCII, without characters that a terminal or a web page would interpret."""
    return ascii(body[:_SHOWN].decode(errors="replace"))


def _load(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)
