"""Estimate the cost of a deployment from its synthesized templates and one dated table of prices."""
