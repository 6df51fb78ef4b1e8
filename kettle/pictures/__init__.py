"""Pictures of what was measured: SVG in HTML, each with its meaning in words; they know nothing of lessons."""

from kettle.pictures.bars import bar_chart, prediction_beside_fact
from kettle.pictures.figure import Picture
from kettle.pictures.model import Bar, Lane, Ratio, Segment, Series, Statement, Timeline, from_traffic
from kettle.pictures.waterfall import waterfall

__all__ = [
    "Bar",
    "Lane",
    "Picture",
    "Ratio",
    "Segment",
    "Series",
    "Statement",
    "Timeline",
    "bar_chart",
    "from_traffic",
    "prediction_beside_fact",
    "waterfall",
]
