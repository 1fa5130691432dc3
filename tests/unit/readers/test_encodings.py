"""Text in another encoding than the contract's is one rejected row that names both; no text makes a reader fail."""

import codecs
import encodings
import pkgutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.contracts.encoding import decodes_streams
from lakehouse.contracts.types import INT
from tests.support.contract_builders import accepted, column, contract, reasons, rows
from tests.support.examples import examples

TEXT = "id,name\n1,é\n"
CODECS = sorted(module.name for module in pkgutil.iter_modules(encodings.__path__))
READABLE = [name for name in CODECS if decodes_streams(name)]


def read(content: bytes, encoding: str, *, format_: str = "csv") -> list[dict[str, object]]:
    return rows(contract(column("id", INT), column("name"), encoding=encoding, format_=format_), content)


@pytest.mark.parametrize("format_", ["csv", "jsonl", "json"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
@pytest.mark.parametrize("sent", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-8", "cp1252"])
def test_without_the_byte_order_mark_that_the_encoding_needs(format_: str, encoding: str, sent: str) -> None:
    (row,) = read(TEXT.encode(sent), encoding, format_=format_)
    (reason,) = reasons([row])
    assert reason == (
        f"unreadable: expected text in {encoding}, found no byte order mark; "
        f"if the source never sends one, write {encoding}-le or {encoding}-be in the contract"
    )


MARKS = {
    "utf-8": ("UTF-8", codecs.BOM_UTF8),
    "utf-16-le": ("UTF-16", codecs.BOM_UTF16_LE),
    "utf-16-be": ("UTF-16", codecs.BOM_UTF16_BE),
    "utf-32-le": ("UTF-32", codecs.BOM_UTF32_LE),
    "utf-32-be": ("UTF-32", codecs.BOM_UTF32_BE),
}


@pytest.mark.parametrize("sent", MARKS)
@pytest.mark.parametrize("encoding", [*MARKS, "utf-16", "utf-32", "cp1252", "iso8859-1", "shift_jis", "cp500", "utf-7"])
def test_a_byte_order_mark_shows_the_encoding(sent: str, encoding: str) -> None:
    name, mark = MARKS[sent]
    result = read(mark + TEXT.encode(sent), encoding)
    if encoding in (sent, sent[:6]):
        assert accepted(result) == [{"id": 1, "name": "é"}]
    else:
        assert reasons(result) == [f"unreadable: expected text in {encoding}, found {name} (by its byte order mark)"]


def test_codecs_that_are_none_of_text_files() -> None:
    refused = set(CODECS) - set(READABLE)
    assert {"punycode", "idna", "hex_codec", "zlib_codec", "rot_13", "undefined"} <= refused
    assert {"utf_8", "utf_8_sig", "utf_16", "utf_32_be", "cp1252", "latin_1", "shift_jis", "gb18030"} <= set(READABLE)


@settings(max_examples=examples(400))
@given(st.sampled_from(READABLE), st.lists(st.one_of(st.binary(max_size=6), st.sampled_from([b"\x1b(", b"1,x\n"]))))
def test_no_bytes_make_a_reader_fail(encoding: str, pieces: list[bytes]) -> None:
    for content in (b"".join(pieces), "id,name\n".encode(encoding) + b"".join(pieces)):
        for row in read(content, encoding):
            assert row["_errors"] is None or row["_errors"]


def test_bytes_that_a_codec_cannot_skip_are_named() -> None:
    (row,) = read(b"\x1b(~}z\xcf\x0b\xf9x", "iso2022_jp_2")
    assert reasons([row])[0].startswith("unreadable: expected text in iso2022_jp_2, found bytes that it cannot decode")
