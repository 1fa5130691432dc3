"""Read stage objects of every format into rows of a raw table: each record becomes exactly one row.

`reader` reads objects, `csv`, `jsonl`, `json`, `parquet` and `avro` each read one format into chunks of columns as
the source sent them, `text` converts text to the contract's types and `native` what has types already, `checks`
applies the contract's rules, and `rows` puts the raw rows together.
"""
