"""What a deployment costs, from its synthesized templates and one dated table of prices."""
