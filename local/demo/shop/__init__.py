"""The shop: the source database of the demo, with the same data every time.

`seed` creates its tables and fills them; each `change` applies one more day of inserts, updates and deletes.
"""

from local.demo.shop.changes import change
from local.demo.shop.seed import Size, seed

__all__ = ["Size", "change", "seed"]
