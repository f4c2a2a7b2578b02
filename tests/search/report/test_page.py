"""The report's page: whole in every state of a run, and self-contained."""
from __future__ import annotations

import re
import time
from dataclasses import asdict
from html.parser import HTMLParser

import pytest
from kernwright.kernels.candidate import Candidate, Lineage
from kernwright.search.report import write_report
from kernwright.search.report.overview import calls_to_repay, pays_from
from kernwright.search.report.source import highlight
from kernwright.search.report.steps import difference, settings_changed
from kernwright.workers.confirmation import Confirmation
from kernwright.workers.evaluation import Evaluation, Ratio, Rung, Verdict
from markupsafe import Markup
from report_runs import FAST, HUGE, PARALLEL, SEED, WRONG, fill, fill_hugely, ratio


class Reader(HTMLParser):
    """Collects a page's words, its elements and everything that an element refers to."""

    def __init__(self, page):
        super().__init__()
        self.words, self.elements, self.references, self.ids = "", [], [], []
        self.feed(page)
        self.words = " ".join(self.words.split())

    def handle_starttag(self, tag, attributes):
        self.elements.append(tag)
        for name, value in attributes:
            if name in ("href", "src", "xlink:href"):
                self.references.append(value)
            if name == "id":
                self.ids.append(value)

    def handle_data(self, data):
        self.words += data


def read(journal, directory):
    path = write_report(journal, directory)
    assert path == directory / "report.html"
    return Reader(path.read_text(encoding="utf-8"))


def test_a_finished_run_tells_its_result_its_lineage_its_proof_and_its_failures(reports):
    page = Reader(reports("finished").read_text(encoding="utf-8"))
    for said in ("smooth runs 10.4 times as fast as its reference", "It pays from verify (n=61) on.", "prange on loop i (line 3)",
                 "fastmath: none → nsz, reassoc", "22 inputs at 2 sizes", "line 1: no imports", "expected 0.5", "won back after",
                 "sort has no loop form", "Numba does not compile it", "1 ULP", "1 ok, 1 timed out", "2,400", "3 min 2 s",
                 "What is proven, what is tested, what is assumed", "all that is known comes from tests", "race on no other input",
                 "kernwright verify champion.py"):
        assert said in page.words, said
    assert "SECRET-PROMPT" not in page.words
    assert page.elements.count("svg") == 4 * 2 + 1, "each chart wide and narrow, and the tree"


def test_a_proof_is_told_apart_from_a_test_and_a_check_that_nobody_heard_of_is_shown_too(journal, tmp_path):
    stored = fill(journal).state("confirmation")
    for name, answer, more in (("identity", "identical", {"method": "Computed modulo two primes."}), ("newest", "fine", {}),
                               ("precision", "not applicable", {"reason": "it holds integers only"})):
        stored["checks"].append({"name": name, "verdict": "verified", "message": "", "facts": {"answer": answer, **more}})
    journal.set_state("confirmation", stored)
    page = read(journal, tmp_path)
    for said in ("Algebraic identity: identical. Computed modulo two primes.", "newest: fine.", "it holds integers only", "one of exact arithmetic"):
        assert said in page.words, said
    assert "all that is known comes from tests" not in page.words


def test_what_candidates_and_models_wrote_is_shown_as_text(reports):
    page = Reader(reports("finished").read_text(encoding="utf-8"))
    assert "script" not in page.elements and "img" not in page.elements
    assert page.words.count("<script>document.title") >= 3


def test_nothing_on_the_page_lies_outside_of_it_and_ids_are_unique(reports):
    text = reports("complete").read_text(encoding="utf-8")
    page = Reader(text)
    assert {r for r in page.references if not r.startswith("#")} == {"data:,"}
    assert {r[1:] for r in page.references if r.startswith("#")} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(page.ids)
    assert not re.search(r"#0[12]0[12]\d\d\b", text), "a stand-in colour was left"


def test_a_run_that_has_only_begun_has_a_report(journal, tmp_path):
    page = read(journal, tmp_path)
    assert "has not ended after 0 evaluations" in page.words and "nothing is verified yet" in page.words
    assert "no curve to draw" in page.words and "svg" not in page.elements


def test_sections_that_need_a_state_of_the_run_are_there_when_it_is(reports):
    without, page = Reader(reports("finished").read_text()), Reader(reports("complete").read_text())
    for section in ("roofline", "population"):
        assert section in page.ids and section not in without.ids
    for said in ("98 % of the gap between the reference and the roofline is closed", "9 elites in 9 niches on 2 islands, 3 migrations",
                 "chance to be asked", "Arguments and results fit into the last-level cache.", "together that is 2.60 over the best first seed"):
        assert said in page.words, said
    assert "chance to be asked" not in without.words and "What each operator was given" in without.words
    assert page.elements.count("svg") == 5 * 2 + 1


def test_a_kernel_whose_work_cannot_be_counted_says_why_it_has_no_roofline(journal, tmp_path):
    journal.set_state("roofline", {"machine": {}, "work": None, "why_not": "the kernel sorts", "bound_ms": None})
    assert "No limit is known for this kernel: the kernel sorts." in read(journal, tmp_path).words


@pytest.mark.slow
def test_many_evaluations_make_a_page_of_moderate_size(reports):
    path = reports("huge")
    page = Reader(path.read_text(encoding="utf-8"))
    assert path.stat().st_size < 1_000_000 and f"30 candidates of {HUGE:,}" in page.words
    assert len(page.ids) == len(set(page.ids))


@pytest.mark.slow
def test_five_thousand_evaluations_are_a_page_of_three_megabytes_at_most_within_ten_seconds(journal, tmp_path):
    fill_hugely(journal, 5000)
    begun = time.process_time()
    path = write_report(journal, tmp_path)
    assert time.process_time() - begun < 10.0 and path.stat().st_size < 3_000_000


def test_an_interrupted_run_shows_its_best_candidate_and_claims_no_champion(reports):
    page = Reader(reports("interrupted").read_text(encoding="utf-8"))
    assert "was interrupted" in page.words and "The best candidate so far" in page.words
    assert "Timings in full" not in page.words and "champion.py" not in page.words and page.elements.count("svg") == 2 * 2 + 1


def test_a_run_that_verified_nothing_says_so(journal, tmp_path):
    journal.add_candidate(WRONG, 1.0)
    journal.add_evaluation(Evaluation(WRONG.identity, Verdict.WRONG, Rung.SMOKE, "no"), 2.0)
    journal.set_state("status", "finished")
    assert "Nothing was verified for smooth after 1 evaluation" in read(journal, tmp_path).words


def test_a_lone_surrogate_in_a_models_words_does_not_stop_the_report(journal, tmp_path):
    odd = Candidate(SEED.text.replace("0.5", "7"), lineage=Lineage("llm:model", "half a pair \ud800"))
    journal.add_candidate(odd, 1.0)
    journal.add_evaluation(Evaluation(odd.identity, Verdict.WRONG, Rung.SMOKE, "\udc00 $x^2$"), 2.0)
    assert "half a pair" in read(journal, tmp_path).words


def test_the_size_from_which_it_pays_is_the_one_after_the_last_that_does_not():
    def sizes(*speedups):
        return {f"s{number}": ratio(speedup, "reference", 0.01) for number, speedup in enumerate(speedups)}

    assert pays_from(sizes(0.5, 2.0, 3.0)) == "s1"
    assert pays_from(sizes(2.0, 0.9, 3.0)) == "s2"
    assert pays_from(sizes(2.0, 3.0)) == "s0"
    assert pays_from(sizes(2.0, 1.005)) is None
    assert pays_from({}) is None


def test_compiling_is_won_back_only_where_there_is_a_gain():
    gain = Confirmation("c", Verdict.VERIFIED, over_reference=Ratio(2, 2, 2, 5, 1e6, 2e6, "reference"), first_call_s=0.5)
    assert calls_to_repay(gain) == 500
    assert calls_to_repay(Confirmation("c", Verdict.VERIFIED, over_reference=Ratio(0.5, 0.5, 0.5, 5, 2e6, 1e6, "reference"), first_call_s=0.5)) is None
    assert calls_to_repay(None) is None


@pytest.mark.parametrize("text", [SEED.text, FAST.text, "", "x = 1", "def f(:\n  '''", "a = \"<b>\"  # <i>\n\n\nif a:\n    pass"])
def test_highlighted_source_is_the_source(text):
    marked = highlight(text)
    assert Markup(re.sub(r"</?span[^>]*>", "", marked)).unescape() == text
    assert "<b>" not in marked and "<script>" not in marked


def test_a_difference_shows_lines_and_options_that_changed():
    assert [line.text for line in difference(SEED.text, PARALLEL.text) if line.kind in ("add", "del")] == [
        "-    for i in range(a.shape[0]):", "+    for i in prange(a.shape[0]):"]
    assert difference(SEED.text, SEED.text) == ()
    assert settings_changed(SEED, FAST) == ("parallel: false → true", "fastmath: none → nsz, reassoc")
    assert settings_changed(None, SEED) == ()


def test_where_the_reference_stands_no_kernel_is_called_champion_and_no_certificate_is_named(journal, tmp_path):
    stored = fill(journal).state("confirmation")
    journal.set_state("confirmation", {**stored, "over_reference": asdict(ratio(0.8, "reference")), "over_seed": None})
    page = read(journal, tmp_path)
    assert "Keep your code" in page.words and "champion.py is the reference itself" in page.words
    assert "the best candidate so far against" in page.words and "slower" in page.words
    for wrong in ("the champion against", "From seed to champion", "ready to use", "kernwright verify"):
        assert wrong not in page.words, wrong
