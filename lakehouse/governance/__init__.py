"""Access rights: derive LF-Tags, grants, row filters and the matrix of visible columns from contracts and models.

The stacks, `lakehouse tables apply` and `lakehouse access` all use this package; docs/governance.md explains it.
"""
