"""Record the pictures of the site that are in no deck, because they would tell too much there.

    python site/record.py       every picture of SHOWN; do it while nothing else runs

Kept in site/recorded/ are the pictures, as benchmarks/record_deck.py keeps those of the decks.
"""

import json
import sys

from book import HERE

from kettle.files.course import ROOT, lesson

sys.path.append(str(ROOT / "benchmarks"))

import record_deck

SHOWN = {
    "05_churn_in_the_loop": {
        "lesson/run-it": (
            "A nightly job sends 150 receipts. Bars: the time that six of its lines take, under a profiler."
        )
    },
}


def main() -> None:
    """Run each notebook up to the last cell that is wanted, as it was merged, and keep the pictures."""
    for stem, wanted in SHOWN.items():
        files = lesson(stem)
        ids = [name.split("/")[1] for name in wanted]
        run = record_deck.run(files, "lesson", ids, {}, fixed=False)
        kept = {name: {"shows": shows, **record_deck.kept(run, name, {})} for name, shows in wanted.items()}
        path = HERE / "recorded" / f"{stem}.json"
        path.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        print(f"{stem}: {', '.join(kept)}")


if __name__ == "__main__":
    main()
