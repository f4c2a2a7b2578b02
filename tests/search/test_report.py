"""The report: whole in every state of a run, and opened in a real browser as a person opens it."""
from __future__ import annotations

import os
import re
import shutil
from html.parser import HTMLParser

import pytest
from kernwright.kernels.candidate import Candidate, JitOptions, Lineage
from kernwright.kernels.spec import KernelSpec
from kernwright.search.journal import Journal, RunRecord, journal_url
from kernwright.search.llm.call import CallStatus, LlmCall
from kernwright.search.report import write_report
from kernwright.search.report.overview import calls_to_repay, pays_from
from kernwright.search.report.source import highlight
from kernwright.search.report.steps import difference, settings_changed
from kernwright.workers.confirmation import Confirmation
from kernwright.workers.evaluation import Evaluation, Ratio, Rung, Verdict
from markupsafe import Markup

HOSTILE = "<script>document.title = 'taken'</script><img src=http://127.0.0.1:9/x onerror=alert(1)>"
SPEC = KernelSpec("smooth", f"# {HOSTILE}\ndef smooth(a):\n    return a * 0.5\n", "smooth")
RECORD = RunRecord("run1", "smooth", SPEC, {"seed": 3, "threads": 2, "evaluations": 60, "minutes": None, "rounds": 15, "llm": ["m"]},
                   "some CPU", {"kernwright": "0.1.0", "numba": "0.68.1"}, 1_700_000_000.0)
SEED = Candidate("def kernel(a):\n    out = np.empty_like(a)\n    for i in range(a.shape[0]):\n        out[i] = a[i] * 0.5\n    return out\n",
                 lineage=Lineage("seed", "lifted to loops"))
PARALLEL = Candidate(SEED.text.replace("in range", "in prange"), JitOptions(parallel=True),
                     lineage=Lineage("rewrite:parallel", "prange on loop i (line 3)", (SEED.identity,)))
FAST = Candidate(f"# {HOSTILE}\nTILE = 16  # tune: 8 16 32\n" + PARALLEL.text.replace("0.5", "0.25 * 2"),
                 JitOptions(parallel=True, fastmath=("reassoc", "nsz")),
                 lineage=Lineage("llm:model", f"halved twice {HOSTILE}", (PARALLEL.identity, SEED.identity)))
WRONG = Candidate(SEED.text.replace("0.5", "0.75"), lineage=Lineage("llm:model", "quicker", (SEED.identity,)))
REFUSED = Candidate("import os\n" + SEED.text, lineage=Lineage("llm:model", "", (SEED.identity,)))
SLOW = Candidate(SEED.text.replace("0.5", "1 / 2"), lineage=Lineage("tune", "TILE 8", (SEED.identity,)))


def ratio(speedup, rival, spread=0.03, rounds=60):
    samples = tuple(speedup * (1 + spread * (index % 7 - 3)) for index in range(rounds))
    return Ratio(speedup, speedup * (1 - spread), speedup * (1 + spread), rounds, 1e6, speedup * 1e6, rival, samples)


def verified(candidate, speedup, rival):
    return Evaluation(candidate.identity, Verdict.VERIFIED, Rung.MEASURE, "", True, True, ratio(speedup, rival, rounds=15),
                      {"build": 0.4, "wait": 0.1}, ("seccomp",), "some CPU", "node", {"code_hash": candidate.identity})


def call(number, status, **more):
    return LlmCall(f"call{number}", "m", "model-7b", 1.0, 2.5, "SECRET-PROMPT", "answer", "", status, 1000, 200, 1, SEED.identity, "",
                   charged_tokens=1200, **more)


def fill(journal, status="finished", confirmed=True):
    for number, candidate in enumerate((SEED, PARALLEL, FAST, WRONG, REFUSED, SLOW)):
        assert journal.add_candidate(candidate, 10.0 + number)
    journal.add_candidate(SEED, 20.0)
    journal.set_state("anchor", SEED.identity)
    journal.set_state("njit", None)
    journal.set_state("kept", [{"line": 9, "text": "np.sort(a)", "reason": "sort has no loop form"}])
    journal.add_evaluation(verified(SEED, 4.0, "reference"), 20.0, "seed_vs_reference")
    for number, (candidate, speedup) in enumerate(((SEED, 1.0), (PARALLEL, 1.9), (FAST, 2.6))):
        journal.add_evaluation(verified(candidate, speedup, SEED.identity), 30.0 + 20 * number)
    journal.add_evaluation(Evaluation(WRONG.identity, Verdict.WRONG, Rung.SMOKE, f"result: [0] is 0.75, expected 0.5\n{HOSTILE}", False), 90.0)
    journal.add_evaluation(Evaluation(REFUSED.identity, Verdict.REFUSED, Rung.GATE, "line 1: no imports"), 91.0)
    journal.add_evaluation(Evaluation(SLOW.identity, Verdict.TOO_SLOW, Rung.SCREEN, "0.3 times", True, True, ratio(0.3, SEED.identity)), 92.0)
    journal.add_call(call(1, CallStatus.OK), 40.0)
    journal.add_call(call(2, CallStatus.TIMED_OUT, error="timed out"), 50.0)
    if confirmed:
        over = ratio(10.4, "reference")
        confirmation = Confirmation(
            FAST.identity, Verdict.VERIFIED, "", True, True, over, ratio(2.55, SEED.identity), None,
            {"tiny (n=8)": ratio(0.6, "reference"), "verify (n=61)": ratio(1.4, "reference"), "benchmark (n=1500)": over},
            ({"name": "bounds", "verdict": "verified", "message": "", "facts": {"cases": 7, "sizes": ["size tiny (n=8)"], "seeds": [1]}},
             {"name": "access", "verdict": "verified", "message": "", "facts": {"iterations": 8, "negative_indices": []}},
             {"name": "differential", "verdict": "verified", "message": "", "facts": {
                 "cases": 22, "sizes": ["size tiny (n=8)", "size benchmark (n=1500)"], "seeds": [1, 2], "tolerance": "default",
                 "worst_ulp": 1.0, "worst_relative": 1e-16, "worst_at": "the result at size tiny (n=8), seed 1"}}),
            1.25, 77, 2, "omp", "openblas 0.3", ("seccomp", "landlock"), "some CPU", "node")
        journal.set_state("confirmation", confirmation.as_json())
        journal.set_state("champion", FAST.identity)
    journal.set_state("wall_s", 181.5)
    journal.set_state("status", status)
    return journal


@pytest.fixture
def journal(tmp_path):
    with Journal.create(journal_url(tmp_path), RECORD) as opened:
        yield opened


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


def test_a_finished_run_tells_its_result_its_lineage_its_proof_and_its_failures(journal, tmp_path):
    page = read(fill(journal), tmp_path)
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


def test_what_candidates_and_models_wrote_is_shown_as_text(journal, tmp_path):
    page = read(fill(journal), tmp_path)
    assert "script" not in page.elements and "img" not in page.elements
    assert page.words.count("<script>document.title") >= 3


def test_nothing_on_the_page_lies_outside_of_it_and_ids_are_unique(journal, tmp_path):
    page = read(fill(journal), tmp_path)
    assert {r for r in page.references if not r.startswith("#")} == {"data:,"}
    assert {r[1:] for r in page.references if r.startswith("#")} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    text = (tmp_path / "report.html").read_text()
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(page.ids)
    assert not re.search(r"#0[12]0[12]\d\d\b", text), "a stand-in colour was left"


def test_a_run_that_has_only_begun_has_a_report(journal, tmp_path):
    page = read(journal, tmp_path)
    assert "has not ended after 0 evaluations" in page.words and "nothing is verified yet" in page.words
    assert "no curve to draw" in page.words and "svg" not in page.elements


def test_an_interrupted_run_shows_its_best_candidate_and_claims_no_champion(journal, tmp_path):
    page = read(fill(journal, "interrupted", confirmed=False), tmp_path)
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


def missing(reason):
    """A skip on a person's machine; a failure where the tests promise to have a browser."""
    if os.environ.get("CI") or os.environ.get("KERNWRIGHT_REQUIRE_BROWSER"):
        pytest.fail(f"this run must have a browser: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser():
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        missing("no headless browser: playwright is not installed (pip install 'kernwright[test]')")
    # The system's first; None is the one that Playwright downloads.
    names = (os.environ.get("KERNWRIGHT_BROWSER"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    paths = [path for name in names if name and (path := shutil.which(name))]
    with sync_playwright() as playwright:
        for path in (*paths, None):
            try:
                opened = playwright.chromium.launch(executable_path=path, args=[
                    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
                    "--disable-component-update", "--disable-sync"])
                break
            except Error as error:
                reason = str(error).splitlines()[0]
        else:
            missing(f"no headless browser starts: {reason} (apt-get install chromium, or playwright install chromium)")
        yield opened
        opened.close()


@pytest.fixture
def visit(browser, journal, tmp_path):
    """Opens the report of `journal`; whatever the page asks for, says or throws lands in `page.noise`."""
    pages = []

    def opened(width=1100, scheme="light"):
        path = write_report(journal, tmp_path)
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.noise = []
        page.on("console", lambda message: page.noise.append(message.text))
        page.on("pageerror", lambda error: page.noise.append(str(error)))
        page.on("request", lambda request: page.noise.append(request.url))
        page.goto(path.as_uri())
        assert page.noise.pop(0) == path.as_uri()
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.close()


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.browser
def test_a_browser_shows_it_without_an_error_or_a_request(visit, journal):
    fill(journal)
    page = visit()
    page.wait_for_timeout(200)
    assert page.noise == []
    assert page.title() == "smooth: Kernwright report"
    assert page.locator("#sentence").is_visible() and "10.4 times as fast" in page.locator("#sentence").inner_text()
    charts = [chart for chart in page.locator("svg.chart").all() if chart.is_visible()]
    assert len(charts) == 4
    for chart in charts:
        box = chart.bounding_box()
        assert box["width"] > 300 and box["height"] > 80 and chart.locator("> title").text_content() and chart.locator("> desc").text_content()


@pytest.mark.browser
def test_its_differences_open_and_close(visit, journal):
    fill(journal)
    page = visit()
    step = page.locator("#lineage .steps details").nth(1)
    changed = step.locator(".diff .add")
    assert not changed.first.is_visible()
    step.locator("summary").click()
    assert changed.first.is_visible() and "prange" in changed.first.inner_text()
    step.locator("summary").focus()
    page.keyboard.press("Enter")
    assert not changed.first.is_visible()


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 380, 768])
def test_nothing_runs_over_the_edge_of_a_small_screen(visit, journal, width):
    fill(journal)
    page = visit(width)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert overflow(page) <= 0 and page.noise == []


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_words_stand_out_from_the_page_in_light_and_dark(visit, journal, scheme):
    fill(journal)
    page = visit(scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    weak = page.evaluate("""() => {
        const parse = c => c.match(/[\\d.]+/g).map(Number);
        const light = c => { const [r, g, b] = parse(c).map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                             return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
        const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor, p = parse(c);
                              if (p.length < 4 || p[3] > 0) return c; } return 'rgb(255, 255, 255)'; };
        const found = [];
        for (const e of document.querySelectorAll('body *')) {
            if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.closest('.visually-hidden, title, desc')) continue;
            const ink = e.closest('svg') ? getComputedStyle(e).fill : getComputedStyle(e).color;
            const [a, b] = [light(ink), light(behind(e))].sort((x, y) => y - x);
            if ((a + 0.05) / (b + 0.05) < 4.5) found.push([e.tagName, e.className.baseVal ?? e.className, ink, behind(e), e.textContent.slice(0, 40)]);
        }
        return found;
    }""")
    assert weak == []


@pytest.mark.browser
def test_an_empty_and_an_interrupted_run_open_as_well(visit, journal):
    page = visit(380)
    assert "has not ended" in page.locator("#sentence").inner_text() and overflow(page) <= 0 and page.noise == []
    fill(journal, "interrupted", confirmed=False)
    page = visit(380)
    assert page.locator(".badge").inner_text() == "interrupted" and overflow(page) <= 0 and page.noise == []
