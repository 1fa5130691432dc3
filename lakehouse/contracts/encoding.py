"""Encodings of text files: Python's codecs that decode a stream of bytes piece by piece."""

import codecs
from functools import cache
from typing import cast

MARK = "\udcff"
"""Stands for bytes that cannot be decoded. No valid text contains it, and it is invalid as UTF-8."""

_SAMPLE = "id,name\r\n1,x\n"

codecs.register_error("lakehouse.mark", lambda error: (MARK, cast(UnicodeDecodeError, error).end))


def decoder(encoding: str) -> codecs.IncrementalDecoder:
    """Return a decoder that replaces bytes which cannot be decoded by `MARK`.

    Raises:
        LookupError: the encoding does not exist, or has no such decoder.
    """
    return codecs.getincrementaldecoder(encoding)(errors="lakehouse.mark")


@cache
def decodes_streams(encoding: str) -> bool:
    """Return whether an encoding decodes text that comes in pieces, and any byte without an error.

    Some codecs cannot, such as those of host names (punycode, idna). Trying them is safer than a list.
    """
    try:
        encoded = _SAMPLE.encode(encoding)  # unlike a look-up, it refuses codecs that are not of text
        reader = decoder(encoding)
        text = "".join(reader.decode(encoded[i : i + 1]) for i in range(len(encoded))) + reader.decode(b"", final=True)
        mark = "".encode(encoding)  # the byte order mark, for the encodings that need one
        for byte in range(256):
            reader = decoder(encoding)
            reader.decode(mark + bytes([byte]))
            reader.decode(b"\xff\x80\x00", final=True)
    except (LookupError, ValueError, TypeError):
        return False
    return text == _SAMPLE
