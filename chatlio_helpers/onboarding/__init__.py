"""Plan, apply, clean: the objects of the journey, made once, found again, and deleted without a trace."""

from .cleaning import Cleaned, Inventory, clean, inventory
from .dataflows import Made, Webhooks
from .planning import Plan, Step, plan

__all__ = ["Cleaned", "Inventory", "Made", "Plan", "Step", "Webhooks", "clean", "inventory", "plan"]
