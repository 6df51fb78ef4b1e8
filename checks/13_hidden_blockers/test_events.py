"""watch_events: files that are opened, by whom, and nothing while nobody watches."""

import subprocess
import sys
import threading
from pathlib import Path

from kettle.lessons.events import watch_events


def test_each_way_to_open_a_file_is_heard_with_its_thread(tmp_path):
    path = tmp_path / "tea.txt"
    path.write_text("tea")
    with watch_events("open") as events:
        path.read_text()
        open(path).close()  # noqa: PTH123 (one of the ways)
        thread = threading.Thread(target=Path(path).read_bytes)
        thread.start()
        thread.join()
    assert [event.thread for event in events.of(path)] == [threading.get_ident()] * 2 + [thread.ident]
    path.read_text()
    assert len(events.of(path)) == 3


def test_only_what_was_asked_for_is_heard(tmp_path):
    with watch_events("subprocess.Popen") as events:
        (tmp_path / "tea.txt").write_text("tea")
        subprocess.run([sys.executable, "-I", "-S", "-c", "pass"], check=True)
    assert {event.name for event in events.seen} == {"subprocess.Popen"}


def test_windows_may_overlap(tmp_path):
    path = tmp_path / "tea.txt"
    path.write_text("tea")
    with watch_events("open") as first:
        path.read_text()
        with watch_events("open") as second:
            path.read_text()
    assert (len(first.of(path)), len(second.of(path))) == (2, 1)
