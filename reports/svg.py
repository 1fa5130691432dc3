"""The shapes of the architecture picture, as SVG text."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2937 }
.title { font-weight: 600 } .small { font-size: 11.5px; fill: #4b5563 } .label { font-size: 11.5px; fill: #1d4ed8 }
.panel { fill: #ffffff; stroke: #d1d5db } .box { fill: #f3f4f6; stroke: #9ca3af }
.zone { fill: #dbeafe; stroke: #2563eb }
.line { stroke: #2563eb; stroke-width: 1.6; fill: none } .head { fill: #2563eb }
@media (prefers-color-scheme: dark) {
  text { fill: #e5e7eb } .small { fill: #b6bdc9 } .label { fill: #93c5fd }
  .panel { fill: #111827; stroke: #374151 } .box { fill: #1f2937; stroke: #4b5563 }
  .zone { fill: #1e3a5f; stroke: #60a5fa }
  .line { stroke: #60a5fa } .head { fill: #60a5fa }
}
"""
LINE_HEIGHT = 17


def document(parts: Sequence[str], *, width: int, height: int, title: str) -> str:
    """Return an SVG document with a panel, so that it is readable on any background."""
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="head" d="M0 0 8 4 0 8z"/></marker></defs>'
        f'<rect class="panel" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="10"/>'
    )
    return "\n".join([opening, *parts, "</svg>"]) + "\n"


def box(lines: Sequence[str], *, x: int, y: int, width: int, height: int, kind: str = "box") -> str:
    """Return a box; its first line is the title, the others are small lines below it."""
    rows = [text(lines[0], x=x + 10, y=y + 20, kind="title")]
    rows += [
        text(line, x=x + 10, y=y + 20 + LINE_HEIGHT * number, kind="small") for number, line in enumerate(lines[1:], 1)
    ]
    return "".join([f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>', *rows])


def box_height(lines: Sequence[str]) -> int:
    """Return the height of a box with some lines."""
    return LINE_HEIGHT * len(lines) + 14


def text(content: str, *, x: int, y: int, kind: str, middle: bool = False) -> str:
    """Return one line of text that starts at x, or with `middle` is centred on it."""
    anchor = ' text-anchor="middle"' if middle else ""
    return f'<text class="{kind}" x="{x}" y="{y}"{anchor}>{escape(content)}</text>'


def arrow(points: Sequence[tuple[int, int]]) -> str:
    """Return a line through some points with an arrowhead at its end."""
    path = " ".join(f"{x},{y}" for x, y in points)
    return f'<polyline class="line" points="{path}" marker-end="url(#head)"/>'
