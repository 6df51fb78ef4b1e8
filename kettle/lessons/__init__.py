"""What only one lesson needs, from that lesson's folder in checks/: `from kettle.lessons.vouchers import …`.

A folder of checks/ begins with a digit, so no import statement can name it. By their names here, worker
processes find these modules, too, however they start: what is in them can be pickled.
"""

from pathlib import Path

__path__ = [str(folder) for folder in sorted(Path(__file__).parents[2].glob("checks/[0-9]*_*"))]
