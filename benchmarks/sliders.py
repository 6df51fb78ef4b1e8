"""How soon after a key is pressed on a slider of lesson 25 is its picture there, in JupyterLab in Chromium?

    python benchmarks/sliders.py [--presses 20]

Each slider gets the same number of presses, to the left and back. A time runs from the key to the new
picture in the page: on its way, the kernel plays the simulator and draws. The goal is 100 ms.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from kettle.files import course

sys.path.insert(0, str(course.ROOT / "tests"))
from browser import QUIET, Learner, copy_course, find_chromium, jupyterlab
from turned import turn_each


def main() -> None:
    """Press keys, and print the milliseconds for each slider."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presses", type=int, default=20, help="of each slider (default: 20)")
    presses = parser.parse_args().presses
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=QUIET)
        with jupyterlab(copy_course(Path(name))) as address:
            learner = Learner(browser.new_page(), address)
            print(f"{'slider':<10} median  fastest to slowest, ms, of {presses} presses")
            for slider, times in turn_each(learner, presses).items():
                spread = f"{min(times):.0f} to {max(times):.0f}"
                print(f"{slider:<10} {statistics.median(times):6.0f}  {spread}")
        browser.close()


if __name__ == "__main__":
    main()
