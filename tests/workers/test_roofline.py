"""The machine's peaks: plausible, measured once, kept in a file that may be damaged; and the survey of a champion."""
from __future__ import annotations

import json
from dataclasses import replace

import pytest
from kernwright.workers.leases import Leases
from kernwright.workers.machine import cache_sizes, machine_type
from kernwright.workers.roofline import peaks as roofline
from kernwright.workers.roofline.peaks import Peaks, cache_directory, known, machine_facts, measure
from kernwright.workers.sandbox.client import WarmProcess

SLOW = Peaks(machine_type().key, 2, {"float64": 10.0, "float32": 20.0}, 5.0, "2026-01-01")
FAST = replace(SLOW, gflop_s={"float64": 30.0, "float32": 15.0}, bandwidth_gb_s=6.0)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "kernwright"


class Taken:
    """Measures what it is given, and counts how often."""

    def __init__(self, *values):
        self.values = list(values)
        self.times = 0

    def __call__(self):
        self.times += 1
        return self.values[min(self.times, len(self.values)) - 1]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    with WarmProcess(2) as warm:
        return measure(warm, Leases(directory=tmp_path_factory.mktemp("leases")), 2)


def test_measured_peaks_are_plausible(measured):
    double, single = measured.gflop_s["float64"], measured.gflop_s["float32"]
    assert 0.1 < double < 20_000 and 0.1 < single < 40_000
    assert 0.5 < measured.bandwidth_gb_s < 5_000
    assert (measured.machine, measured.threads) == (machine_type().key, 2)
    assert all(measured.ways[dtype]["fma"] <= measured.gflop_s[dtype] for dtype in ("float64", "float32"))
    assert Peaks.from_json(json.loads(json.dumps(measured.as_json()))) == measured


@pytest.mark.skipif(machine_type().isa not in ("avx2", "avx512"), reason="no fused multiply-add here that is known")
def test_the_multiply_adds_are_fused_and_packed(measured):
    assert measured.packed_fma >= 16 and measured.vector_width >= 256


def test_peaks_are_measured_once_for_a_machine_type_and_number_of_threads(cache):
    take, other = Taken(SLOW), Taken(replace(SLOW, threads=1))
    assert known(take, 2) == known(take, 2) == SLOW and take.times == 1
    assert known(other, 1).threads == 1 and other.times == 1
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("damage", [
    b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"machine": 1}', b"[" * 100_000,
    json.dumps({**SLOW.as_json(), "bandwidth_gb_s": -1}).encode(), json.dumps({**SLOW.as_json(), "bandwidth_gb_s": "fast"}).encode(),
    json.dumps({**SLOW.as_json(), "gflop_s": {}}).encode(), json.dumps({**SLOW.as_json(), "gflop_s": None}).encode(),
    json.dumps({**SLOW.as_json(), "machine": "another"}).encode(), json.dumps({**SLOW.as_json(), "bandwidth_gb_s": float("nan")}).encode(),
])
def test_a_damaged_file_is_measured_again_and_mended(cache, damage):
    known(Taken(SLOW), 2)
    (path,) = cache.iterdir()
    path.write_bytes(damage)
    take = Taken(FAST)
    assert known(take, 2) == FAST and take.times == 1
    assert known(take, 2) == FAST and take.times == 1


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    take = Taken(SLOW)
    assert known(take, 2) == known(take, 2) == SLOW and take.times == 2


def test_the_cache_lies_where_the_user_keeps_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_directory() == tmp_path / "kernwright"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_directory() == tmp_path / ".cache" / "kernwright"


def test_peaks_that_a_kernel_beats_are_measured_again_and_the_better_figures_kept(cache):
    take = Taken(SLOW, FAST)
    raised = known(take, 2, beaten=lambda peaks: peaks.gflop_s["float64"] < 25)
    assert (raised.gflop_s, raised.bandwidth_gb_s) == ({"float64": 30.0, "float32": 20.0}, 6.0)
    assert known(take, 2) == raised and take.times == 2


def test_peaks_from_disturbed_cores_are_measured_again_until_they_were_alone(cache):
    take = Taken(replace(SLOW, share=0.5), replace(SLOW, share=0.6), FAST, SLOW)
    assert known(take, 2).share == 0.5 and known(take, 2).share == 0.6
    assert known(take, 2).share == 1.0 and take.times == 3
    assert known(take, 2).gflop_s["float64"] == 30.0 and take.times == 3


def test_another_way_of_measuring_is_not_mistaken_for_this_one(cache, monkeypatch):
    take = Taken(SLOW, FAST)
    known(take, 2)
    monkeypatch.setattr(roofline, "VERSION", roofline.VERSION + 1)
    assert known(take, 2) == FAST


def test_the_machine_is_described_with_its_caches_and_as_json():
    facts = machine_facts(SLOW)
    assert json.loads(json.dumps(facts)) == facts
    assert facts["bandwidth_gb_s"] == 5.0 and facts["cpu_model"] and facts["cores"] >= facts["physical_cores"]
    assert "gflop_s" not in machine_facts(None)


def test_cache_sizes_are_those_of_data(tmp_path):
    base = tmp_path / "sys/devices/system/cpu/cpu0/cache"
    for number, (level, kind, size) in enumerate([(1, "Data", "32K"), (1, "Instruction", "64K"), (2, "Unified", "512K"), (3, "Unified", "32M")]):
        folder = base / f"index{number}"
        folder.mkdir(parents=True)
        for name, text in (("level", level), ("type", kind), ("size", size)):
            (folder / name).write_text(f"{text}\n")
    assert cache_sizes(0, tmp_path) == {"L1": 32 << 10, "L2": 512 << 10, "L3": 32 << 20}
    assert cache_sizes(7, tmp_path) == {}
