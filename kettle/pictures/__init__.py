"""Pictures of what was measured: SVG in HTML, each with its meaning in words; lessons are unknown here."""

from kettle.pictures.bars import bar_chart, prediction_beside_fact
from kettle.pictures.curves import curves
from kettle.pictures.icicle import icicle
from kettle.pictures.line_strip import line_strip
from kettle.pictures.loop_lanes import loop_lanes
from kettle.pictures.model import from_traffic
from kettle.pictures.profile_tree import from_profile, from_stacks
from kettle.pictures.queries import query_waterfall
from kettle.pictures.tables import table, text_table
from kettle.pictures.waterfall import waterfall

__all__ = [
    "bar_chart",
    "curves",
    "from_profile",
    "from_stacks",
    "from_traffic",
    "icicle",
    "line_strip",
    "loop_lanes",
    "prediction_beside_fact",
    "query_waterfall",
    "table",
    "text_table",
    "waterfall",
]
