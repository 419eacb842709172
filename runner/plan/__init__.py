"""An experiment file resolved completely: names, types, ranges, roles, slots, shapes and data file.

Nothing here loads TensorFlow, reads data or writes a file.
"""

from runner.plan.checking import make_plan, plan_run
from runner.plan.plan import Choice, Plan

__all__ = ["Choice", "Plan", "make_plan", "plan_run"]
