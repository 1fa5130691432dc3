"""Cleanse the texts of values by the steps of a contract, before the types of columns read them."""
