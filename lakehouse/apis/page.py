"""What makes a response a page: all of it came, it is JSON, and it has the records where the contract says."""

import hashlib
import json
from decimal import Decimal
from typing import Any, NamedTuple

from requests import RequestException, Response
from urllib3.exceptions import HTTPError as BrokenOffError

from lakehouse.contracts.model import Source

LARGEST = 64 * 2**20
"""Bytes of a page, decompressed; an API that sends more at a time is asked for smaller pages."""

_PART = 2**20
_SHOWN = 200


class PageError(RequestException):
    """A response that is no page; the same request may bring one."""


class Page(NamedTuple):
    """One response.

    Args:
        body: its bytes, without what the transfer added.
        records: the values in it, as JSON has them; numbers are decimals.
    """

    body: bytes
    records: list[Any]

    @property
    def digest(self) -> str:
        """SHA-256 of the records alone: what an API adds to each answer, such as the time, makes no other page."""
        return hashlib.sha256(json.dumps(self.records, default=str).encode()).hexdigest()


def body_of(response: Response) -> bytes:
    """All bytes of a response.

    Args:
        response: streamed, and not read yet.

    Raises:
        PageError: it broke off, is damaged or larger than `LARGEST`.
    """
    body = bytearray()
    try:
        for part in response.raw.stream(_PART, decode_content=True):
            body += part
            if len(body) > LARGEST:
                raise PageError(f"larger than {LARGEST:,} bytes: ask for smaller pages, by `parameters`")
    except BrokenOffError as error:
        raise PageError(f"it broke off after {len(body):,} bytes: {error}") from error
    return bytes(body)


def read(body: bytes, source: Source) -> Page:
    """Read a page.

    Args:
        body: of a response.
        source: an API.

    Raises:
        PageError: it is no JSON, or has no records where the contract says.
    """
    assert source.api is not None
    try:
        text = body.decode(source.encoding)
        if source.format == "jsonl":
            return Page(body, [_load(line) for line in text.split("\n") if line.strip()])
        found = _load(text)
    except (ValueError, RecursionError) as error:
        raise PageError(f"expected JSON, found {show(body)}: {error}") from error
    for name in source.api.records:
        found = found.get(name) if isinstance(found, dict) else None
    if source.api.records:
        if not isinstance(found, list):
            raise PageError(f"expected an array at {'.'.join(source.api.records)!r}, found {show(body)}")
        return Page(body, found)
    return Page(body, found if isinstance(found, list) else [found])


def show(body: bytes) -> str:
    """The beginning of a body, in characters that no terminal and no page takes for its own."""
    return ascii(body[:_SHOWN].decode(errors="replace"))


def _load(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)
