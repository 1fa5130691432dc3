"""Transactions that hypothesis generates, on two tables of different replica identities."""

from hypothesis import strategies as st

TABLES = {"plain": "DEFAULT", "whole": "FULL"}
LARGE = "large " * 2000
"""Kept out of line, so that an update which leaves it alone does not log it."""

ids = st.integers(1, 5)
texts = st.one_of(
    st.none(),
    st.sampled_from(["", "ü", "a\tb\n\\N", LARGE]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
)
statements = st.one_of(
    st.tuples(st.just("INSERT INTO {} VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"), st.tuples(ids, texts, texts)),
    st.tuples(st.just("UPDATE {} SET a = %s WHERE id = %s"), st.tuples(texts, ids)),
    st.tuples(
        st.just("UPDATE {} SET id = %s WHERE id = %s AND NOT EXISTS (SELECT FROM {} WHERE id = %s)"),
        ids.flatmap(lambda new: st.tuples(st.just(new), ids, st.just(new))),
    ),
    st.tuples(st.just("DELETE FROM {} WHERE id = %s"), st.tuples(ids)),
)
transactions = st.lists(
    st.tuples(st.lists(st.tuples(st.sampled_from(list(TABLES)), statements), max_size=6), st.booleans()), max_size=4
)
