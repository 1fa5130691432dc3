"""Read one Open Data Contract Standard document: YAML in, a `Contract` or its violations out."""
