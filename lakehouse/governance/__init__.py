"""Who may see what: contracts and models to LF-Tags, grants, row filters and the matrix of visible columns.

The stacks, `lakehouse tables apply` and `lakehouse access` all take it from here; docs/governance.md explains it.
"""
