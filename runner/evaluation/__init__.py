"""Which events are judged, at which conditions, and what the metrics say. NumPy only."""

from runner.evaluation.cache import ScoreCache
from runner.evaluation.events import Halves, apply_threshold, asked_conditions, halve, loaded, real_events
from runner.evaluation.judging import Evaluation, judge
from runner.evaluation.measuring import Available, has_floor, measure_all, rows
from runner.evaluation.splitting import Splits, split
from runner.evaluation.yardstick import Yardstick, plugin_code, with_floor

__all__ = [
    "Available",
    "Evaluation",
    "Halves",
    "ScoreCache",
    "Splits",
    "Yardstick",
    "apply_threshold",
    "asked_conditions",
    "halve",
    "has_floor",
    "judge",
    "loaded",
    "measure_all",
    "plugin_code",
    "real_events",
    "rows",
    "split",
    "with_floor",
]
