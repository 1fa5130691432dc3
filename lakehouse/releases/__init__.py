"""Releases: states of all tables of integration and curated, each of which existed at one moment."""
