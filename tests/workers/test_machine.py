"""Machine facts: read from /proc and /sys, and still sensible where a container hides them."""
import os

import pytest
from kernwright.workers import machine


def lay(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


def two_chiplets_with_siblings(root):
    """8 logical cores: core n and n+4 are siblings; 0,1 (+4,5) share a cache, 2,3 (+6,7) another."""
    files = {}
    for core in range(8):
        base = f"sys/devices/system/cpu/cpu{core}"
        files[f"{base}/topology/core_cpus_list"] = f"{core % 4},{core % 4 + 4}"
        files[f"{base}/cache/index0/level"] = "1"
        files[f"{base}/cache/index0/type"] = "Data"
        files[f"{base}/cache/index0/shared_cpu_list"] = f"{core % 4},{core % 4 + 4}"
        files[f"{base}/cache/index3/level"] = "3"
        files[f"{base}/cache/index3/type"] = "Unified"
        files[f"{base}/cache/index3/shared_cpu_list"] = "0-1,4-5" if core % 4 < 2 else "2-3,6-7"
    return lay(root, files)


def test_the_machine_type_has_a_short_readable_key_and_is_read_once():
    found = machine.machine_type()
    assert found is machine.machine_type()
    assert found.key.count("/") == 2 and found.key.endswith(f"/{len(found.physical_cores)}c")
    assert found.isa in {name for name, _ in machine._ISA_LEVELS}
    assert set(found.physical_cores) <= set(found.cores) <= set(os.sched_getaffinity(0))
    assert sorted(core for domain in found.cache_domains for core in domain) == list(found.cores)


def test_cores_are_grouped_by_physical_core_and_by_last_level_cache(tmp_path):
    root = two_chiplets_with_siblings(tmp_path)
    assert machine.one_per_physical(range(8), root) == (0, 1, 2, 3)
    assert machine.one_per_physical([1, 4, 5], root) == (1, 4)
    assert machine.cache_domains(range(8), root) == ((0, 1, 4, 5), (2, 3, 6, 7))
    assert machine.cache_domains([1, 6], root) == ((1,), (6,))
    assert machine.cache_sharers([1], root) == {0, 1, 4, 5}


def test_hidden_topology_means_one_domain_and_every_core_physical(tmp_path):
    assert machine.one_per_physical([0, 3], tmp_path) == (0, 3)
    assert machine.cache_domains([0, 3], tmp_path) == ((0, 3),)
    assert machine.cache_sharers([0, 3], tmp_path) == {0, 3}
    assert machine.cpu_quota(tmp_path) is None
    assert machine.cpu_model(tmp_path)


@pytest.mark.parametrize(
    "files",
    [
        {"proc/self/cgroup": "0::/a/b", "sys/fs/cgroup/a/cpu.max": "150000 100000", "sys/fs/cgroup/a/b/cpu.max": "max 100000"},
        {"proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "150000 100000"},
        {"proc/self/cgroup": "4:cpu,cpuacct:/docker/xyz", "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "150000",
         "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000"},
    ],
)
def test_the_strictest_quota_of_all_groups_counts(tmp_path, files):
    root = lay(tmp_path, files)
    assert machine.cpu_quota(root) == 1.5
    assert len(machine.usable_cores(root)) == 1


def test_an_unlimited_group_limits_nothing(tmp_path):
    root = lay(tmp_path, {"proc/self/cgroup": "1:cpu:/", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
                          "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"})
    assert machine.cpu_quota(root) is None
    assert set(machine.usable_cores(root)) == os.sched_getaffinity(0)


def test_the_model_name_loses_trademarks_and_clock(tmp_path):
    root = lay(tmp_path, {"proc/cpuinfo": "processor : 0\nmodel name\t: Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz"})
    assert machine.cpu_model(root) == "Intel Xeon E5-2680 v4"


def test_quietness_looks_gives_figures_and_one_sentence():
    found = machine.quietness(0.2)
    assert 0 <= found.busy <= 1 and found.spread >= 0
    assert found.quiet == found.sentence.startswith("quiet")
    assert "\n" not in found.sentence


def test_a_busy_machine_is_called_so(monkeypatch):
    ticks = iter([(0, 0, 0), (100, 20, 10)])
    monkeypatch.setattr(machine, "_cpu_ticks", lambda cores: next(ticks))
    found = machine.quietness(0.05)
    assert not found.quiet
    assert "hypervisor" in found.sentence and found.steal == 0.1
