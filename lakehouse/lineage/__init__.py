"""Lineage: OpenLineage events of moves and models, their storage and delivery, and the graph built from them."""
