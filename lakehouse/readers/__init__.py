"""Read stage objects of every format into rows of a raw table: each record becomes exactly one row.

`reader` reads objects. The modules of `formats` each read one format into chunks of columns as the source sent them.
`text` converts text to the contract's types, and `arrow_types` converts typed columns. `checks` applies the rules of
the contract, and `rows` builds the raw rows.
"""
