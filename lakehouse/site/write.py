"""Write the files of the site into a folder that contains nothing else."""

from collections.abc import Mapping
from pathlib import Path

from lakehouse.errors import LakehouseError

MARKER = ".made-by-lakehouse-site"
"""A file that marks a folder as the site's, which the next build may clear of pages that no longer exist."""


def write(pages: Mapping[str, str], output: Path) -> None:
    """Write the files, and delete the pages of an earlier build that no longer exist.

    Args:
        pages: text of each file, by its path.
        output: the folder.

    Raises:
        LakehouseError: the folder contains files that no build of a site wrote, or a file cannot be written.
    """
    try:
        if output.is_dir() and any(output.iterdir()) and not (output / MARKER).is_file():
            raise LakehouseError(
                f"{output} contains files that no `lakehouse site build` wrote: name an empty folder with --output"
            )
        output.mkdir(parents=True, exist_ok=True)
        (output / MARKER).touch()
        for name, text in pages.items():
            path = output / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
        for path in output.glob("*/*.html"):
            if path.relative_to(output).as_posix() not in pages:
                path.unlink()
    except OSError as error:
        raise LakehouseError(f"cannot write the site to {output}: {error.strerror}") from error
