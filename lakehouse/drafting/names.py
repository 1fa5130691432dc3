"""Names of the lakehouse for the names of a source: lower-case letters, digits and `_`, and unique."""

import re
import unicodedata
from collections.abc import Sequence

_LONGEST = 128
_LONGEST_DATASET = 63
_LONGEST_SOURCE = 31


def column_names(source_names: Sequence[str]) -> list[str]:
    """Return a unique name for each column of a source; names that are fit already are kept as they are."""
    fit = [_snake(name, longest=_LONGEST, otherwise=f"column_{i}") for i, name in enumerate(source_names, 1)]
    taken = {name for name, source_name in zip(fit, source_names, strict=True) if name == source_name}
    names = []
    for name, source_name in zip(fit, source_names, strict=True):
        unique, number = name, 2
        while name != source_name and unique in taken:
            unique, number = f"{name[: _LONGEST - 6]}_{number}", number + 1
        taken.add(unique)
        names.append(unique)
    return names


def dataset_name(text: str) -> str:
    """Return the name of a dataset for the name of a table or file."""
    return _snake(text, longest=_LONGEST_DATASET, otherwise="dataset")


def source_name(text: str) -> str:
    """Return the name of a source system."""
    return _snake(text, longest=_LONGEST_SOURCE, otherwise="source").replace("_", "-").strip("-")


def _snake(text: str, *, longest: int, otherwise: str) -> str:
    ascii_ = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    words = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3_\2\4", ascii_)
    name = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
    if text == text.lower() and re.fullmatch(r"[a-z][a-z0-9_]*", text):
        name = text
    if name and not name[0].isalpha():
        name = f"c_{name}"
    return name[:longest] or otherwise
