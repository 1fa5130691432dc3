"""Erasure: a person's records leave every zone, and a scan of what is left proves it. See docs/erasure.md."""
