"""
`gateway doctor`: is a whole installation as it should be, and what is to be mended?

Looks at everything that a gateway stands on, changes nothing but a queue of its own that it removes, and works beside a gateway
that runs. Each check is a small function over what was seen; gathering what is seen stands beside it.
"""

from gateway.doctor.examine import examine
from gateway.doctor.finding import Finding, Level, worst

__all__ = ["Finding", "Level", "examine", "worst"]
