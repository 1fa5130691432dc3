"""Crashes, a hostile network and many writers at once: what is proved here stands in docs/reliability.md."""
