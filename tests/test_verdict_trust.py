"""benchmarks/verdict_trust.py judges, keeps what it found, and goes on where it was."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "verdict_trust.py"
RIGHT, WRONG = "08-lesson-fix-lesson-fix", "08-lesson-wrong-lesson-wrong-vectorize"


def run(kept, *options):
    command = [sys.executable, BENCHMARK, "--keep", kept, "--answers", RIGHT, WRONG, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.every
@pytest.mark.skipif(sys.platform == "win32", reason="SIGSTOP is not on Windows")
def test_it_judges_keeps_and_goes_on(tmp_path):
    kept = tmp_path / "kept.json"
    out = run(kept, "--verdicts", "1", "--modes", "idle", "throttled")
    rows = json.loads(kept.read_text())
    assert {name: (row["verdicts"], row.get("passed", 0)) for name, row in rows.items()} == {
        f"{mode} {answer}": (1, answer == RIGHT)
        for mode in ("idle", "throttled")
        for answer in (RIGHT, WRONG)
    }
    assert out.count("| all | 2 | 2 | 0 | 0 | 0 | 0 |") == 2

    run(kept, "--verdicts", "1", "--modes", "idle")
    assert json.loads(kept.read_text()) == rows, "as many as wanted were there: nothing is judged again"

    rows[f"idle {RIGHT}"]["digest"] = "of other files"
    kept.write_text(json.dumps(rows))
    assert "| all | 2 | 1 | 0 | 0 | 0 | 0 |" in run(kept, "--report", "--modes", "idle")
