"""Plan, apply, clean: the objects of the journey, made once, found again, and deleted without a trace."""

from .as_printed import losses
from .change import to_version, with_row
from .cleaning import Cleaned, Inventory, clean, inventory
from .dataflows import Made, Webhooks
from .planning import Plan, Step, plan
from .trial import preview, try_mappings

__all__ = [
    "Cleaned",
    "Inventory",
    "Made",
    "Plan",
    "Step",
    "Webhooks",
    "clean",
    "inventory",
    "losses",
    "plan",
    "preview",
    "to_version",
    "try_mappings",
    "with_row",
]
