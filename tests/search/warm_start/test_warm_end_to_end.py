"""A run, and runs that begin where it ended: with its champion by name, and by themselves, as they find it beside them."""
import json

import pytest
import whole_runs as runs
from kernwright.search.journal import Journal, journal_url
from kernwright.search.result import lineage_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


def go(folder, out, *more, evaluations=8):
    done = runs.finish(runs.kernwright("run", "mine.py:scores", "--config", "short.toml", "--evaluations", str(evaluations), "--out", out, *more, folder=folder), 700)
    assert done[0] == 0, done[2][-2000:] + done[1][-2000:]
    return done[1]


def journaled(directory):
    with Journal.open(journal_url(directory), write=False) as journal:
        rows = journal.evaluations("search")
        return [(row.candidate.identity, row.candidate.lineage.operator, str(row.evaluation.verdict)) for row in rows], journal.state("champion")


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first")
    runs.prepare(folder)
    go(folder, "runs/one", evaluations=12)
    return folder


def test_a_second_run_begins_at_the_firsts_champion(first, tmp_path):
    runs.prepare(tmp_path)
    out = go(tmp_path, "two", "--from", str(first / "runs/one/champion.py"))
    rows, champion = journaled(tmp_path / "two")
    _, champion_before = journaled(first / "runs/one")
    warm = [row for row in rows if row[1] == "warm:champion.py"]
    seeds = [row for row in rows if row[1] == "seed"]
    if champion_before in {identity for identity, _, _ in seeds}:
        assert not warm
        return
    assert "1 kernel of earlier work (from champion.py)" in out
    assert warm == [(champion_before, "warm:champion.py", "verified")]
    with Journal.open(journal_url(tmp_path / "two"), write=False) as journal:
        assert journal.candidates()[len(seeds)].identity == champion_before
        operators = [candidate.lineage.operator for candidate in lineage_of(journal, champion)]
    certificate = json.loads((tmp_path / "two/certificate.json").read_text())
    assert [step["operator"] for step in certificate["lineage"]] == operators
    status, out, err = runs.finish(runs.kernwright("verify", "two/champion.py", "--no-timing", folder=tmp_path))
    assert status == 0, out + err


def test_a_run_beside_earlier_ones_finds_them_unless_it_is_told_not_to(first):
    go(first, "runs/three")
    rows, _ = journaled(first / "runs/three")
    assert any(operator == "warm:one" for _, operator, _ in rows)
    go(first, "runs/four", "--no-warm-start")
    rows, _ = journaled(first / "runs/four")
    assert not any(operator.startswith("warm") for _, operator, _ in rows)
    assert not runs.left_behind(first)


def test_a_constant_of_the_kernel_may_change_in_between(first, tmp_path):
    runs.prepare(tmp_path, runs.KERNEL.replace("centred * centred * weights", "0.5 * centred * centred * weights"))
    go(tmp_path, "two", "--from", str(first / "runs/one"))
    rows, champion = journaled(tmp_path / "two")
    warm = [row for row in rows if row[1] == "warm:one"]
    assert warm and all(verdict == "wrong" for _, _, verdict in warm)
    assert champion not in {identity for identity, _, _ in warm}
