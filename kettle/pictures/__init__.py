"""Pictures of what was measured: SVG in HTML, each with its meaning in words; lessons are unknown here."""

from kettle.pictures.bars import bar_chart, prediction_beside_fact
from kettle.pictures.connection_lanes import connection_lanes
from kettle.pictures.curves import curves
from kettle.pictures.distribution import distribution
from kettle.pictures.icicle import icicle
from kettle.pictures.line_strip import line_strip
from kettle.pictures.loan_lanes import loan_lanes
from kettle.pictures.loop_lanes import loop_lanes
from kettle.pictures.model import from_traffic
from kettle.pictures.orphan_lanes import Asked, orphan_lanes
from kettle.pictures.profile_tree import from_profile, from_stacks
from kettle.pictures.queries import query_waterfall
from kettle.pictures.ratio_bars import ratio_bars
from kettle.pictures.row_blocks import row_blocks
from kettle.pictures.tables import table, text_table
from kettle.pictures.waterfall import waterfall

__all__ = [
    "Asked",
    "bar_chart",
    "connection_lanes",
    "curves",
    "distribution",
    "from_profile",
    "from_stacks",
    "from_traffic",
    "icicle",
    "line_strip",
    "loan_lanes",
    "loop_lanes",
    "orphan_lanes",
    "prediction_beside_fact",
    "query_waterfall",
    "ratio_bars",
    "row_blocks",
    "table",
    "text_table",
    "waterfall",
]
