"""The shop: the demo's source system, whose data are the same every time they are made.

`seed` makes its tables and fills them; each `change` is a further day of business.
"""

from local.demo.shop.changes import change
from local.demo.shop.seed import Size, seed

__all__ = ["Size", "change", "seed"]
