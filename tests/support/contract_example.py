"""The contract that docs/contracts.md shows; tests begin with it, so the documentation is always right."""

import re

from tests.support.repository import ROOT

EXAMPLE, *_ = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "contracts.md").read_text(), re.DOTALL)
