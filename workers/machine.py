"""Machine facts: what a measurement belongs to, which cores are ours, and whether it is quiet enough to time on."""
from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter, perf_counter_ns

import numpy as np

ROOT = Path("/")
_ISA_LEVELS = (
    ("avx512", {"avx512f", "avx512dq", "avx512vl", "avx512bw"}),
    ("avx2", {"avx2", "fma"}),
    ("avx", {"avx"}),
    ("sse4.2", {"sse4.2"}),
    ("sse2", {"sse2"}),
    ("sve2", {"sve2"}),
    ("sve", {"sve"}),
    ("neon", {"neon"}),
)
_STEAL_LIMIT = 0.02
_BUSY_LIMIT = 0.10
_SPREAD_LIMIT = 0.03


@dataclass(frozen=True)
class MachineType:
    """What a timing belongs to: two machines with equal `key` may share timings, others may not.

    cpu_model: the name the operating system gives. microarchitecture: LLVM's name, which tells apart models that a
    hypervisor gives one name. isa: the widest vector extension Numba compiles for. cores: the logical cores this
    process may use, affinity and cgroup quota respected. physical_cores: one logical core for each physical one.
    cache_domains: `cores` grouped by the last-level cache they share. cache_bytes: size of one such cache, 0 where
    the system does not tell.
    """

    cpu_model: str
    microarchitecture: str
    isa: str
    cores: tuple[int, ...]
    physical_cores: tuple[int, ...]
    cache_domains: tuple[tuple[int, ...], ...]
    cache_bytes: int

    @property
    def key(self) -> str:
        """Short readable name, such as "AMD EPYC znver3/avx2/2c"."""
        return f"{self.cpu_model} {self.microarchitecture}/{self.isa}/{len(self.physical_cores)}c"


@cache
def machine_type() -> MachineType:
    """The machine type of this process, read once."""
    from llvmlite import binding

    features = {name for name, present in binding.get_host_cpu_features().items() if present}
    isa = next((name for name, needed in _ISA_LEVELS if needed <= features), platform.machine() or "unknown")
    cores = usable_cores()
    return MachineType(
        cpu_model=cpu_model(),
        microarchitecture=binding.get_host_cpu_name(),
        isa=isa,
        cores=cores,
        physical_cores=one_per_physical(cores),
        cache_domains=cache_domains(cores),
        cache_bytes=_last_level_bytes(cores[0], ROOT),
    )


def usable_cores(root: Path = ROOT) -> tuple[int, ...]:
    """Logical cores this process may use: its affinity, cut to the cgroup's quota where that is smaller."""
    try:
        cores = sorted(os.sched_getaffinity(0))
    except AttributeError:
        cores = list(range(os.cpu_count() or 1))
    quota = cpu_quota(root)
    if quota is not None and quota < len(cores):
        physical = one_per_physical(cores, root)
        preferred = [*physical, *(core for core in cores if core not in physical)]
        cores = sorted(preferred[: max(1, int(quota))])
    return tuple(cores)


def cpu_quota(root: Path = ROOT) -> float | None:
    """Cores' worth of CPU time the cgroups of this process allow, the strictest of them; None where unlimited."""
    quotas = []
    for hierarchy, controllers, path in _cgroups(root):
        if hierarchy == 0:
            for base in (root / "sys/fs/cgroup", root / "sys/fs/cgroup/unified"):
                for folder in _up(base, path):
                    limit, _, period = (_read(folder / "cpu.max") or "").partition(" ")
                    if limit.isdigit() and period.isdigit():
                        quotas.append(int(limit) / int(period))
        elif "cpu" in controllers:
            for name in ("cpu", "cpu,cpuacct", "cpuacct,cpu"):
                for folder in _up(root / "sys/fs/cgroup" / name, path):
                    limit, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
                    if limit and period and limit.isdigit() and period.isdigit():
                        quotas.append(int(limit) / int(period))
    return min(quotas, default=None)


def available_bytes(root: Path = ROOT) -> int:
    """Memory that this process may still take without swapping, its control group's limits respected."""
    lines = (_read(root / "proc/meminfo") or "").splitlines()
    available = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), 2**31)
    for hierarchy, controllers, group in _cgroups(root):
        if hierarchy == 0:
            base, names = root / "sys/fs/cgroup", ("memory.max", "memory.current")
        elif "memory" in controllers:
            base, names = root / "sys/fs/cgroup/memory", ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        for folder in _up(base, group):
            limit, used = (_read(folder / name) or "" for name in names)
            if limit.isdigit() and used.isdigit():
                available = min(available, max(0, int(limit) - int(used)))
    return available


def one_per_physical(cores: Iterable[int], root: Path = ROOT) -> tuple[int, ...]:
    """The lowest of `cores` on each physical core; all of them where the topology is hidden."""
    seen: dict[frozenset[int], int] = {}
    for core in sorted(cores):
        seen.setdefault(_siblings(core, root), core)
    return tuple(sorted(seen.values()))


def cache_domains(cores: Iterable[int], root: Path = ROOT) -> tuple[tuple[int, ...], ...]:
    """`cores` grouped by shared last-level cache. Where the system hides its caches, all form one domain: the
    assumption that keeps a timing alone."""
    groups: dict[frozenset[int], list[int]] = {}
    for core in sorted(cores):
        folder = _last_level(core, root)
        shared = _core_list(_read(folder / "shared_cpu_list")) if folder else frozenset()
        groups.setdefault(shared, []).append(core)
    return tuple(sorted(tuple(group) for group in groups.values()))


def cache_sharers(cores: Iterable[int], root: Path = ROOT) -> frozenset[int]:
    """Every logical core of the machine, ours or not, that shares a last-level cache with one of `cores`."""
    found: set[int] = set(cores)
    for core in tuple(found):
        folder = _last_level(core, root)
        if folder:
            found |= _core_list(_read(folder / "shared_cpu_list"))
    return frozenset(found)


def cache_sizes(core: int, root: Path = ROOT) -> dict[str, int]:
    """Bytes of each cache that `core` has or shares for data, nearest first: {"L1": 32768, ...}; empty where the system
    hides them."""
    folders = (root / f"sys/devices/system/cpu/cpu{core}/cache").glob("index*")
    sizes = {f"L{_read(f / 'level')}": _size_bytes(f) for f in folders if _read(f / "type") != "Instruction"}
    return {level: size for level, size in sorted(sizes.items()) if size}


def cpu_model(root: Path = ROOT) -> str:
    """The processor's name as the operating system gives it, without trademark signs and clock."""
    text = _read(root / "proc/cpuinfo") or ""
    for pattern in (r"^model name\s*:\s*(.+)$", r"^Model\s*:\s*(.+)$", r"^Hardware\s*:\s*(.+)$"):
        match = re.search(pattern, text, re.MULTILINE)
        if match:
            name = re.sub(r"\((R|TM)\)|\bCPU\b|\bProcessor\b|@.*|\d+-Core", "", match[1])
            return " ".join(name.split())
    return platform.processor() or platform.machine() or "unknown"


@dataclass(frozen=True)
class Quietness:
    """Whether this machine is quiet enough to time on.

    busy: share of the usable cores' time that other processes took during the look. steal: share that the
    hypervisor took; None where it is not told. spread: half the interquartile range of a fixed loop's time against
    its own neighbour in time, relative. load: the one-minute load average. governor: frequency governor, or None.
    """

    quiet: bool
    busy: float
    steal: float | None
    spread: float
    load: float
    governor: str | None
    sentence: str


def quietness(seconds: float = 2.0) -> Quietness:
    """Watch the machine for `seconds` while one thread repeats a fixed loop, and judge it."""
    cores = usable_cores()
    before, own_before, start = _cpu_ticks(cores), _own_seconds(), perf_counter()
    pairs = _self_ratios(seconds)
    elapsed = perf_counter() - start
    after, own = _cpu_ticks(cores), _own_seconds() - own_before
    steal, busy = None, 0.0
    if before is not None and after is not None:
        total, idle, stolen = (max(0, b - a) for a, b in zip(before, after))
        if total:
            steal = stolen / total
            busy = max(0.0, (total - idle - stolen) / total - own / (elapsed * len(cores)))
    low, high = np.percentile(pairs, [25, 75])
    spread = float(high - low) / 2
    governor = _read(ROOT / f"sys/devices/system/cpu/cpu{cores[0]}/cpufreq/scaling_governor")
    load = os.getloadavg()[0]
    complaints = []
    if busy > _BUSY_LIMIT:
        complaints.append(f"other processes take {busy:.0%} of its cores")
    if steal is not None and steal > _STEAL_LIMIT:
        complaints.append(f"the hypervisor takes {steal:.1%} of its time")
    if spread > _SPREAD_LIMIT:
        complaints.append(f"a fixed loop varies by {spread:.1%} from one run to the next")
    if governor == "powersave":
        complaints.append("its frequency governor is powersave")
    quiet = not complaints
    if quiet:
        sentence = f"quiet: others take {busy:.0%} of its cores, and a fixed loop repeats within {spread:.1%}"
    else:
        sentence = f"not quiet: {'; '.join(complaints)}. Timings stay honest, but their intervals will be wide"
    return Quietness(quiet, busy, steal, spread, load, governor, sentence)


def _self_ratios(seconds: float) -> np.ndarray:
    """Ratios of neighbouring batches of one fixed NumPy loop of about a millisecond."""
    x = np.linspace(1.0, 2.0, 4096)
    y = np.empty_like(x)

    def batch(repeats: int) -> int:
        begin = perf_counter_ns()
        for _ in range(repeats):
            np.sqrt(x, out=y)
            np.multiply(y, x, out=y)
        return perf_counter_ns() - begin

    batch(20)
    repeats = max(1, int(100 * 1_000_000 / max(1, batch(100))))
    times = []
    end = perf_counter() + seconds
    while perf_counter() < end or len(times) < 8:
        times.append(batch(repeats))
    array = np.array(times, float)
    return array[1:] / array[:-1]


def _cpu_ticks(cores: Sequence[int]) -> tuple[int, int, int] | None:
    """(all, idle, stolen) ticks of `cores` since boot, or None where /proc/stat is hidden."""
    total = idle = stolen = 0
    for line in (_read(ROOT / "proc/stat") or "").splitlines():
        name, *ticks = line.split()
        if re.fullmatch(r"cpu\d+", name) and int(name[3:]) in cores:
            numbers = [int(t) for t in ticks[:8]] + [0] * 8
            total += sum(numbers[:8])
            idle += numbers[3] + numbers[4]
            stolen += numbers[7]
    return (total, idle, stolen) if total else None


def _own_seconds() -> float:
    times = os.times()
    return times.user + times.system


def _siblings(core: int, root: Path) -> frozenset[int]:
    folder = root / f"sys/devices/system/cpu/cpu{core}/topology"
    text = _read(folder / "core_cpus_list") or _read(folder / "thread_siblings_list")
    return _core_list(text) or frozenset({core})


def _last_level(core: int, root: Path) -> Path | None:
    """The folder that describes the last-level cache of `core`."""
    folders = (root / f"sys/devices/system/cpu/cpu{core}/cache").glob("index*")
    levels = [(int(_read(f / "level") or 0), f) for f in folders if _read(f / "type") != "Instruction"]
    return max(levels, default=(0, None), key=lambda pair: pair[0])[1]


def _last_level_bytes(core: int, root: Path) -> int:
    folder = _last_level(core, root)
    return _size_bytes(folder) if folder else 0


def _size_bytes(cache_folder: Path) -> int:
    match = re.fullmatch(r"(\d+)([KMG]?)", _read(cache_folder / "size") or "")
    return int(match[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[match[2]] if match else 0


def _core_list(text: str | None) -> frozenset[int]:
    """The numbers of a kernel list such as "0-3,8"."""
    cores: set[int] = set()
    for part in (text or "").split(","):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part.strip())
        if match:
            cores.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    return frozenset(cores)


def _cgroups(root: Path) -> list[tuple[int, list[str], str]]:
    entries = []
    for line in (_read(root / "proc/self/cgroup") or "").splitlines():
        number, controllers, path = line.split(":", 2)
        entries.append((int(number), controllers.split(","), path))
    return entries


def _up(base: Path, path: str) -> list[Path]:
    """`base`/`path` and every folder above it down to `base`: a limit may stand at any level. Inside a container
    the path may be the host's; `base` itself is then the container's own group."""
    parts = [part for part in path.split("/") if part not in ("", "..")]
    return [base.joinpath(*parts[:n]) for n in range(len(parts), -1, -1)]


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
