"""Commands that show datasets and models to people."""
