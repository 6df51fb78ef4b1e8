"""Numbers about this machine: processors and memory that may be used, noise of its clock, rights."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
_CAP_SYS_PTRACE = 1 << 19


@dataclass(frozen=True)
class Noise:
    """How evenly time passes here: the same small work again and again, and short sleeps.

    Args:
        work: median seconds of the work.
        spread: its 90th percentile over its median; 1 is perfectly even.
        overshoot: median seconds by which a sleep of 5 ms came back late.
        latest: the 90th percentile of that, in seconds.
        share: CPU seconds received for each second of trying, 0 to 1.
    """

    work: float
    spread: float
    overshoot: float
    latest: float
    share: float

    @property
    def quiet(self) -> bool:
        """Whether a single timing here is worth something; thresholds chosen by us, none is a standard."""
        return self.spread < 1.3 and self.latest < 0.005 and self.share > 0.9


def clock_noise(seconds: float = 0.7) -> Noise:
    """Measure how noisy the clock is just now, in about this many seconds (four times that at the most)."""
    half, began, cpu = seconds / 2, time.perf_counter(), time.thread_time()
    work = _samples(half, most=400, sample=_work)
    share = (time.thread_time() - cpu) / (time.perf_counter() - began)
    late = _samples(half, most=60, sample=_overshoot)
    middle = _quantile(work, 0.5)
    return Noise(
        middle, _quantile(work, 0.9) / middle, _quantile(late, 0.5), _quantile(late, 0.9), min(share, 1)
    )


def cores() -> int:
    """Return how many processors this process may run on."""
    with suppress(AttributeError, OSError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor_limit(root: Path = CGROUPS, groups: str | None = None) -> float | None:
    """Return how many processors' worth of time this process may use, where somebody set a limit.

    Sources: cgroup v2 cpu.max, cgroup v1 cpu.cfs_quota_us, JupyterHub's CPU_LIMIT.
    """
    limits = [_number(os.environ.get("CPU_LIMIT", ""))]
    for folder in _group_folders("cpu", root, groups):
        quota, _, period = _text(folder / "cpu.max").partition(" ")
        limits.append(_ratio(quota, period))
        limits.append(_ratio(_text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")))
    return min((limit for limit in limits if limit and limit > 0), default=None)


def memory_limit(root: Path = CGROUPS, groups: str | None = None) -> int | None:
    """Return how many bytes this process and its like may use together, where somebody set a limit.

    Sources: cgroup v2 memory.max, cgroup v1 memory.limit_in_bytes, JupyterHub's MEM_LIMIT.
    """
    limits = [_number(os.environ.get("MEM_LIMIT", ""))]
    for folder in _group_folders("memory", root, groups):
        limits += [_number(_text(folder / name)) for name in ("memory.max", "memory.limit_in_bytes")]
    # cgroup v1 writes "no limit" as nearly 2**63
    return min((int(limit) for limit in limits if limit and 0 < limit < 2**60), default=None)


def memory() -> tuple[int, int]:
    """Return the bytes of memory of this machine: all, and those available now."""
    import psutil

    now = psutil.virtual_memory()
    return now.total, now.available


def may_attach(
    scope: Path = Path("/proc/sys/kernel/yama/ptrace_scope"), status: Path = Path("/proc/self/status")
) -> str:
    """Say whether a profiler may look into a process that runs: "yes", "children" or "no".

    Sources: the kernel's documentation of Yama, capabilities(7); on macOS only root may.
    """
    if sys.platform == "darwin":
        return "yes" if os.geteuid() == 0 else "no"
    level = _text(scope) or "0"  # no such file: Windows, or a Linux without Yama
    effective = next((line for line in _text(status).splitlines() if line.startswith("CapEff:")), "CapEff: 0")
    if level == "0" or (level in "12" and int(effective.split()[1], 16) & _CAP_SYS_PTRACE):
        return "yes"
    return "children" if level == "1" else "no"


def _samples(seconds: float, most: int, sample: Callable[[], float]) -> list[float]:
    end = time.perf_counter() + seconds
    found = [sample()]
    while len(found) < most and (time.perf_counter() < end or len(found) < 10):
        found.append(sample())
    return sorted(found)


def _work() -> float:
    began = time.perf_counter()
    total = 0
    for number in range(20_000):
        total += number
    return time.perf_counter() - began


def _overshoot() -> float:
    began = time.perf_counter()
    time.sleep(0.005)
    return max(time.perf_counter() - began - 0.005, 0.0)


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def _group_folders(controller: str, root: Path, groups: str | None) -> Iterator[Path]:
    """Yield the control groups of this process, innermost first: a limit of any of them counts."""
    for line in (groups if groups is not None else _text(Path("/proc/self/cgroup"))).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and controller not in controllers.split(","):
            continue
        for top in (root / controllers, root / controller) if controllers else (root, root / "unified"):
            inner = top / path.lstrip("/")
            while inner.is_relative_to(top):
                yield inner
                inner = inner.parent


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:  # empty, or "max"
        return None


def _ratio(quota: str, period: str) -> float | None:
    over, under = _number(quota), _number(period)
    return over / under if over and under else None
