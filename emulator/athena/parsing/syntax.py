"""Syntax that sqlglot accepts and Trino does not, refused with Trino's messages."""

from itertools import pairwise

from sqlglot import exp

from emulator.athena.parsing.cursor import Cursor, Token, line_column
from emulator.athena.parsing.dialect import AthenaSql
from emulator.athena.runtime.errors import MalformedQueryError, not_supported, position

# Words that end a list: a comma before one of them is an error.
_ENDS = {"FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", ")", "<EOF>"}


def check(text: str) -> None:
    """Refuse syntax of other dialects in the text of a statement.

    Raises:
        MalformedQueryError: the text has such syntax; the message is that of Trino's parser.
    """
    tokens = Cursor(text).tokens
    end = Token("end", "<EOF>", len(text), len(text))
    for token, following in pairwise([*tokens, end]):
        if token.text.startswith("`"):
            raise MalformedQueryError(
                f"{line_column(text, token.start)}: backquoted identifiers are not supported; "
                "use double quotes to quote identifiers"
            )
        if token.text in ("'", '"'):  # a string without an end
            raise _mismatch(text, token)
        if token.text == following.text == ":":
            raise _mismatch(text, token)
        ends = (following.word or following.text) in _ENDS
        if (ends or following.text == ",") and (token.text == "," or token.word == "SELECT"):
            raise _mismatch(text, following)
        if token.word == "MATCHED" and following.word == "BY":  # WHEN NOT MATCHED BY SOURCE
            raise _mismatch(text, following)
        if token.text == ")" and following.text == "-" and text[following.start :].startswith("->"):
            empty = next((t for t in tokens if t.end == token.start and t.text == "("), None)
            if empty is not None:
                raise not_supported(
                    f"{line_column(text, empty.start)}: a lambda without parameters is not in the emulator's engine"
                )
        if token.word == "INTERVAL" and following.kind == "number":
            raise _mismatch(text, following)
        feature = _lacking(token, following)
        if feature:
            raise not_supported(f"{line_column(text, token.start)}: {feature} is not in the emulator's engine")
        if token.word == "BY" and (following.text == "<EOF>" or following.word in ("HAVING", "LIMIT", "ORDER")):
            raise _mismatch(text, following)
    _check_order(text, tokens)


def check_tree(tree: exp.Expr) -> None:
    """Refuse clauses and operators of other dialects in the tree that sqlglot parsed.

    Raises:
        MalformedQueryError: the tree has one; the message is that of Trino's parser.
        AthenaError: NOT_SUPPORTED: Trino has the clause, the emulator does not.
    """
    for node in tree.walk():
        word = _FOREIGN.get(type(node))
        if isinstance(node, exp.Star) and (node.args.get("except_") or node.args.get("replace")):
            word = "EXCEPT"
        if isinstance(node, exp.Distinct) and node.args.get("on"):
            word = "ON"
        if isinstance(node, exp.SetOperation) and node.args.get("by_name"):
            word = "CORRESPONDING"
        if _is_listagg(node) and not node.find_ancestor(exp.WithinGroup):
            raise MalformedQueryError(
                f"{position(node)}: mismatched input after '{node.name}(...)'. Expecting: 'WITHIN'"
            )
        if isinstance(node, exp.MatchRecognize):
            raise not_supported("MATCH_RECOGNIZE")
        if isinstance(node, exp.LimitOptions) and node.args.get("with_ties"):
            raise not_supported("FETCH FIRST ... WITH TIES")
        if isinstance(node, exp.Limit) and not isinstance(node.expression, exp.Literal | exp.Placeholder | exp.Var):
            word = node.expression.sql(AthenaSql)
        if word:
            raise MalformedQueryError(f"{position(node)}: mismatched input '{word}'")


def _is_listagg(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.lower() == "listagg"


def _lacking(token: Token, following: Token) -> str:
    """Return the name of a feature of Trino that begins with two tokens and that the emulator lacks, or nothing."""
    if token.word in _SQL_JSON and following.text == "(":
        return token.word.lower()
    if token.text == "," and following.word in ("NFC", "NFD", "NFKC", "NFKD"):
        return f"normalize with the form {following.word}"
    if token.word in ("UNION", "EXCEPT", "INTERSECT", "ALL", "DISTINCT") and following.word == "CORRESPONDING":
        return "CORRESPONDING"
    return "GROUP BY DISTINCT" if token.word == "BY" and following.word == "DISTINCT" else ""


_SQL_JSON = {"JSON_ARRAY", "JSON_EXISTS", "JSON_OBJECT", "JSON_QUERY", "JSON_TABLE", "JSON_VALUE"}
_FOREIGN: dict[type[exp.Expr], str] = {
    exp.Qualify: "QUALIFY",
    exp.ILike: "ILIKE",
    exp.RegexpLike: "RLIKE",
    exp.RegexpILike: "RLIKE",
    exp.SimilarTo: "SIMILAR",
    exp.Glob: "GLOB",
    exp.Pivot: "PIVOT",
    exp.Lock: "FOR",
}


def _check_order(text: str, tokens: list[Token]) -> None:
    """Refuse DELETE without FROM, UPDATE without SET, and OFFSET after LIMIT."""
    depth = 0
    limited: set[int] = set()
    for index, token in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.text == ")":
            limited.discard(depth + 1)
        if token.word == "LIMIT":
            limited.add(depth)
        if token.word == "OFFSET" and depth in limited:
            raise _mismatch(text, token)
        if token.word == "UPDATE" and index == 0 and not any(other.word == "SET" for other in tokens):
            raise _mismatch(text, tokens[-1])
        if token.word == "DELETE" and index == 0 and len(tokens) > 1 and tokens[1].word != "FROM":
            raise _mismatch(text, tokens[1])


def _mismatch(text: str, token: Token) -> MalformedQueryError:
    return MalformedQueryError(f"{line_column(text, token.start)}: mismatched input '{token.text}'")
