"""Reading of one Open Data Contract Standard document: YAML in, a `lakehouse.contract.Contract` or its faults out."""
