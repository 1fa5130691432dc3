"""Functions of text: code points, empty arguments, parameters of URLs, replacements.

Source: Trino's StringFunctions, UrlFunctions and JoniRegexpFunctions, and their tests.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.emulator.trino_values import Evaluate
from tests.support.examples import examples

VALUES = [
    ("levenshtein_distance('é', 'e')", "1"),
    ("levenshtein_distance('漢字', '漢')", "1"),
    ("levenshtein_distance('😀a', 'a😀')", "2"),
    ("levenshtein_distance('', 'éé')", "2"),
    ("levenshtein_distance('é', null)", None),
    ("hamming_distance('é', 'e')", "1"),
    ("hamming_distance('漢字', '漢語')", "1"),
    ("hamming_distance('', '')", "0"),
    ("hamming_distance(null, '')", None),
    ("reverse('e' || chr(769) || 'x')", "x" + chr(769) + "e"),
    ("upper('straße')", "STRAßE"),
    ("upper('ßéß')", "ßÉß"),
    ("upper('ẞ')", "ẞ"),
    ("upper('ŉ')", "ŉ"),
    ("lower('ÀẞΣ')", "àßσ"),
    ("lower('İ')", "i"),
    ("length('😀e' || chr(769))", "3"),
    ("substr('😀éa', 2, 1)", "é"),
    ("strpos('é漢', '漢')", "2"),
    ("lpad('é', 3, '漢')", "漢漢é"),
    ("codepoint('漢')", "28450"),
    ("chr(128512)", "😀"),
    ("replace('abc', '', 'x')", "xaxbxcx"),
    ("replace('', '', 'xx')", "xx"),
    ("replace('é漢', '', '-')", "-é-漢-"),
    ("replace('abc', '')", "abc"),
    ("replace(null, '', 'x')", None),
    ("split_part('', '', 1)", None),
    ("split_part('é漢', '', 2)", "漢"),
    ("split_part('abc', '', 4)", None),
    ("split_part('', ',', 1)", ""),
    ("split_to_map('', ',', '=')", "{}"),
    ("split_to_map('a=1,', ',', '=')", "{a=1}"),
    ("split_to_map('a=', ',', '=')", "{a=}"),
    ("split_to_map(null, ',', '=')", None),
    ("url_extract_parameter('http://e.com/?k1', 'k1')", ""),
    ("url_extract_parameter('http://e.com/?k1=', 'k1')", ""),
    ("url_extract_parameter('http://e.com/?k1&k1=v1', 'k1')", ""),
    ("url_extract_parameter('http://e.com/?k1=a=b&k2=c#k3=d', 'k1')", "a=b"),
    ("url_extract_parameter('http://e.com/?k1=a&k2=c#k3=d', 'k3')", None),
    ("url_extract_parameter('http://e.com/?k.1=a', 'k.1')", "a"),
    ("url_extract_parameter('http://e.com/?kx1=a', 'k.1')", None),
    ("url_extract_parameter('http://e.com/', 'k')", None),
    ("regexp_replace('abc', 'b', '\\x')", "axc"),
    ("regexp_replace('abc', 'b', '\\\\')", "a\\c"),
    ("regexp_replace('abc', 'b', '\\$1')", "a$1c"),
    ("regexp_replace('abc', '(b)', '$01')", "abc"),
    ("regexp_replace('abc', 'b', '$01')", "ab1c"),
    ("regexp_replace('abc', '(b)', '[$12]')", "a[b2]c"),
    ("regexp_replace('abc', '(?P<x>b)', '[${x}]')", "a[b]c"),
    ("regexp_replace('abc', '[(]|\\(|(?:b)', '$0$0')", "abbc"),
    ("regexp_replace('abc', '(b)', r) FROM (VALUES '$1$1') AS t (r)", "abbc"),
    ("regexp_replace('abc', 'b', r) FROM (VALUES '\\\\\\$') AS t (r)", "a\\$c"),
]


@pytest.mark.parametrize(("expression", "value"), VALUES, ids=str)
def test_a_function_of_text_has_trinos_value(evaluate: Evaluate, expression: str, value: str | None) -> None:
    assert evaluate(f"SELECT {expression}")[0] == [(value,)]


def distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


TEXTS = st.text(alphabet="abß漢é😀" + chr(769), max_size=6)


@settings(max_examples=examples(40), deadline=None)
@given(TEXTS, TEXTS)
def test_functions_count_code_points(evaluate: Evaluate, a: str, b: str) -> None:
    expected = {
        f"levenshtein_distance('{a}', '{b}')": str(distance(a, b)),
        f"hamming_distance('{a}', substr(rpad('{b}', {len(a)}, 'x'), 1, {len(a)}))": str(
            sum(x != y for x, y in zip(a, (b + "x" * len(a))[: len(a)], strict=True))
        ),
        f"reverse('{a}')": a[::-1],
        f"replace('{a}', '', '-')": "-" + "".join(f"{x}-" for x in a),
        f"upper('{a}')": "".join(x.upper() if len(x.upper()) == 1 else x for x in a),
        f"split('{a}x{b}', 'x')": f"[{a}, {b}]",
    }
    assert evaluate(f"SELECT {', '.join(expected)}")[0] == [tuple(expected.values())]
