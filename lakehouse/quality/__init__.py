"""Measure the quality rules of contracts in tables, and decide whether data passes its gate."""
