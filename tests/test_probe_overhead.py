"""benchmarks/probe_overhead.py prints its table, for each of its probes."""

import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "probe_overhead.py"


def test_a_short_run_prints_a_row():
    command = [sys.executable, BENCHMARK, "--rounds", "2", "--only", "calls"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    head, _, row = done.stdout.splitlines()
    assert head.startswith("| probe | waiting (wall) |")
    assert row.startswith("| calls: count_calls(price) |")
    assert row.count("x (") == 3
