"""Where in the statement a node stands, as Athena's messages say it."""

from sqlglot import exp


def position(node: exp.Expr) -> str:
    """`line 1:8` of the first token of a node that the parser kept the place of."""
    places = [part.meta for part in node.walk() if "start" in part.meta]
    if not places:
        return "line 1:1"
    first = min(places, key=lambda place: place["start"])
    return f"line {first['line']}:{first['col'] - (first['end'] - first['start'])}"
