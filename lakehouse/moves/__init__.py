"""Moves of data from zone to zone; one module a move."""
