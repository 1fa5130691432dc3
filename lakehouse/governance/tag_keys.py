"""Keys of the LF-Tags."""

DOMAIN, ZONE, CLASSIFICATION, ROWS = "domain", "zone", "classification", "rows"
