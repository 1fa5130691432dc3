"""Move batches from zone to zone: one module per move."""
