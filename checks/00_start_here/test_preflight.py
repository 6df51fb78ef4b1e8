"""The preflight tells what it finds, within its time, whatever it finds."""

import os
import sys
import threading
import time
import types

import pytest

from kettle.lessons import limits, observations, preflight
from kettle.lessons.landing_tables import draw_preflight


def test_it_looks_at_everything_and_ends_in_time():
    began = time.monotonic()
    found = preflight.look(patience=5)
    # twice the promise, for a machine that is not idle
    assert time.monotonic() - began < 10
    assert [each.name for each in found.findings] == list(observations.LOOKS)
    for each in found.findings:
        assert each.level in observations.LEVELS
        assert each.value
        assert each.meaning.endswith(".")
        assert each.value in repr(found)
    assert repr(found).startswith(found.summary)


def test_no_finding_raises_and_none_is_waited_for(monkeypatch):
    ever = threading.Event()

    def broken():
        raise RuntimeError("a look that breaks")

    monkeypatch.setattr(preflight, "LOOKS", {"Clock": broken, "Python": broken, "Shop": ever.wait})
    began = time.monotonic()
    found = preflight.look(patience=0.3)
    assert time.monotonic() - began < 5
    ever.set()
    assert [each.value for each in found.findings] == [
        "could not be checked (a look that breaks)",
        "could not be checked (a look that breaks)",
        "no answer in 0 s",
    ]
    assert {each.level for each in found.findings} == {"limited"}
    assert "Limited: Clock, Python, Shop." in found.summary


@pytest.mark.parametrize(
    ("room", "glance", "level"),
    [
        ("kettle.shop", observations.look_at_shop, "missing"),
        ("kettle.database.server", observations.look_at_database, "limited"),
    ],
)
def test_a_room_that_is_missing_or_broken_is_a_finding(monkeypatch, room, glance, level):
    monkeypatch.setitem(sys.modules, room, None)
    assert glance().level == level

    def refuse(*_, **__):
        raise OSError("no sockets here")

    monkeypatch.setitem(sys.modules, room, types.SimpleNamespace(Shop=refuse, Server=refuse))
    assert (glance().level, glance().value) == (level, "did not start (no sockets here)")


def test_binder_and_hubs_are_recognised(monkeypatch):
    for name in ("BINDER_SERVICE_HOST", "BINDER_REPO_URL", "BINDER_LAUNCH_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ines/")
    assert observations.look_at_place().value.startswith("JupyterHub")
    monkeypatch.setenv("BINDER_SERVICE_HOST", "10.0.0.1")
    assert observations.look_at_place().value.startswith("Binder")
    assert observations.look_at_place().level == "limited"


def test_a_small_share_of_a_processor_is_a_limit(monkeypatch):
    monkeypatch.setattr(observations, "cores", lambda: 64)
    monkeypatch.setattr(observations, "processor_limit", lambda: 0.5)
    found = observations.look_at_cores()
    assert (found.value, found.level) == ("64, of which 0.5 may be used", "limited")
    monkeypatch.setattr(observations, "processor_limit", lambda: None)
    assert observations.look_at_cores() == observations.Observation(
        "Processors", "64", observations.look_at_cores().meaning
    )


def test_the_limit_of_memory_counts(monkeypatch):
    monkeypatch.setattr(observations, "memory", lambda: (64 * 2**30, 32 * 2**30))
    monkeypatch.setattr(observations, "memory_limit", lambda: 2**30)
    found = observations.look_at_memory()
    assert (found.value, found.level) == ("1.0 GB free of 1.0 GB (a limit is set)", "limited")


def test_a_build_without_a_gil_is_told(monkeypatch):
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    assert "without a GIL" in observations.look_at_python().value
    assert observations.look_at_python().level == "limited"


@pytest.mark.parametrize(
    ("files", "groups", "limit"),
    [
        ({"cpu.max": "max 100000", "a/b/cpu.max": "150000 100000"}, "0::/a/b", 1.5),
        ({"a/cpu.max": "50000 100000", "a/b/cpu.max": "150000 100000"}, "0::/a/b", 0.5),
        ({"cpu.max": "200000 100000"}, "0::/not/visible/in/here", 2.0),
        (
            {"cpu,cpuacct/x/cpu.cfs_quota_us": "1000", "cpu,cpuacct/x/cpu.cfs_period_us": "100000"},
            "4:cpu,cpuacct:/x",
            0.01,
        ),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, "1:cpu:/\n0::/", None),
        ({"cpu.max": "max 100000"}, "0::/", None),
        ({}, "", None),
    ],
    ids=["inner", "outer", "namespace", "version 1", "version 1 unlimited", "unlimited", "none"],
)
def test_the_limit_of_a_control_group_is_read(tmp_path, monkeypatch, files, groups, limit):
    monkeypatch.delenv("CPU_LIMIT", raising=False)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    assert limits.processor_limit(tmp_path, groups) == limit


def test_memory_limits_of_both_versions_are_read(tmp_path, monkeypatch):
    monkeypatch.delenv("MEM_LIMIT", raising=False)
    (tmp_path / "memory" / "x").mkdir(parents=True)
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    assert limits.memory_limit(tmp_path, "4:memory:/x\n0::/") is None
    (tmp_path / "memory" / "x" / "memory.limit_in_bytes").write_text("2147483648\n")
    assert limits.memory_limit(tmp_path, "4:memory:/x\n0::/") == 2**31
    (tmp_path / "memory.max").write_text("1073741824\n")
    assert limits.memory_limit(tmp_path, "4:memory:/x\n0::/") == 2**30
    monkeypatch.setenv("MEM_LIMIT", "471859200")
    assert limits.memory_limit(tmp_path, "4:memory:/x\n0::/") == 450 * 2**20


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has rules of its own")
@pytest.mark.parametrize(
    ("scope", "capabilities", "may"),
    [
        ("0", "0000000000000000", "yes"),
        ("", "0000000000000000", "yes"),
        ("1", "0000000000000000", "children"),
        ("1", "000001ffffffffff", "yes"),
        ("2", "0000000000000000", "no"),
        ("3", "000001ffffffffff", "no"),
    ],
)
def test_the_right_to_attach_follows_yama(tmp_path, scope, capabilities, may):
    (tmp_path / "scope").write_text(scope)
    (tmp_path / "status").write_text(f"Name:\tpython\nCapEff:\t{capabilities}\n")
    assert limits.may_attach(tmp_path / "scope", tmp_path / "status") == may


def test_words_for_the_clock_follow_its_numbers():
    even = {"work": 0.001, "spread": 1.1, "overshoot": 0.0001, "latest": 0.001, "share": 1.0}
    assert limits.Noise(**even).quiet
    for worse in ({"spread": 3.0}, {"latest": 0.02}, {"share": 0.5}):
        assert not limits.Noise(**(even | worse)).quiet
    measured = limits.clock_noise(0.1)
    assert measured.work > 0
    assert measured.spread >= 1
    assert 0 <= measured.overshoot <= measured.latest
    assert 0 < measured.share <= 1


def test_the_table_can_be_read_without_colours_and_carries_no_markup():
    found = preflight.Preflight(
        (observations.Observation("Disk", "<b>0</b> MB", "Make room.", "missing"),), 1.0
    )
    drawn = draw_preflight(found).html
    assert '<th scope="row">Disk</th>' in drawn
    assert "missing</td>" in drawn
    assert "&lt;b&gt;0&lt;/b&gt; MB" in drawn


def test_the_texts_speak_of_this_machine(monkeypatch):
    for name in [each for each in os.environ if each.startswith(("BINDER_", "JUPYTERHUB_"))]:
        monkeypatch.delenv(name)
    assert observations.look_at_shop().meaning.endswith("no call leaves this machine.")
    assert observations.look_at_place().value.startswith("this machine")
