"""The verbs about metrics and what is made of them."""
