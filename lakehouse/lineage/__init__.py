"""Lineage: OpenLineage events of moves and models, where they are kept and sent, and the graph that they make."""
