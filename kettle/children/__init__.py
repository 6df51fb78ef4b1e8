"""Processes that the course starts: marked, watched over, and ended with the one that they work for."""

SEAT = "KETTLE_SEAT"  # of what a lesson's kernel started
CHECK = "KETTLE_CHECK"  # of what one check started, also where it has left its family and its session
TIDIES_UP = "KETTLE_TIDIES_UP"  # of what ends by itself, and has something to put away elsewhere
