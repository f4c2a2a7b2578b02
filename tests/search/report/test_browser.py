"""The report in a real browser, as a person opens it: wide and narrow, light and dark, by keyboard, on paper, and before axe."""
from __future__ import annotations

import pytest
from headless_browser import headless_browser

pytestmark = pytest.mark.browser
OPEN_ALL = "document.querySelectorAll('details').forEach(d => d.open = true)"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def browser():
    with headless_browser() as opened:
        yield opened


@pytest.fixture
def visit(browser, reports):
    """Opens a run's report; whatever the page asks for, says or throws lands in `page.noise`."""
    pages = []

    def opened(name="finished", width=1100, scheme="light", bypass_csp=False):
        page = browser.new_page(viewport={"width": width, "height": 844 if width < 500 else 900}, color_scheme=scheme, bypass_csp=bypass_csp)
        page.noise = []
        page.on("console", lambda message: page.noise.append(message.text))
        page.on("pageerror", lambda error: page.noise.append(str(error)))
        page.on("request", lambda request: page.noise.append(request.url))
        path = reports(name)
        page.goto(path.as_uri())
        assert page.noise.pop(0) == path.as_uri()
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.close()


def test_it_opens_without_an_error_or_a_request_and_every_chart_is_seen(visit):
    page = visit("complete")
    page.wait_for_timeout(200)
    assert page.noise == []
    assert page.title() == "smooth: Kernwright report"
    charts = [chart for chart in page.locator("svg.chart").all() if chart.is_visible()]
    assert len(charts) == 5
    for chart in charts:
        box = chart.bounding_box()
        assert box["width"] > 300 and box["height"] > 80 and chart.locator("> title").text_content() and chart.locator("> desc").text_content()


@pytest.mark.parametrize("width", [390, 1440])
def test_the_first_screen_holds_the_sentence_the_figure_the_three_answers_and_the_curve(visit, width):
    page = visit(width=width)
    screen = page.viewport_size["height"]
    for selector in ("#sentence", ".big-figures .lead .big", ".chip:nth-child(1)", ".chip:nth-child(3)"):
        box = page.locator(selector).bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= screen, selector
    curve = next(chart for chart in page.locator(".curve svg").all() if chart.is_visible()).bounding_box()
    assert curve["y"] + 0.5 * curve["height"] <= screen, "half of the curve at least"


@pytest.mark.parametrize("name", ["complete", "begun", "interrupted", pytest.param("huge", marks=pytest.mark.slow)])
def test_nothing_runs_over_the_edge_of_a_small_screen(visit, name):
    page = visit(name, 390)
    page.evaluate(OPEN_ALL)
    for width in (320, 390, 768):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate(OVERFLOW) <= 0, width
    assert page.noise == []


def test_each_row_of_the_tree_stands_beside_its_dot(visit):
    page = visit("huge", 390)
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        drawing, rows = page.locator(".twigs").bounding_box(), page.locator(".tree li").all()
        height = drawing["height"] / len(rows)
        for number in (0, len(rows) // 2, len(rows) - 1):
            box = rows[number].bounding_box()
            assert abs(box["y"] - drawing["y"] - number * height) < 1 and abs(box["height"] - height) < 1


def test_its_differences_open_and_close_by_mouse_and_keyboard(visit):
    page = visit()
    step = page.locator("#lineage .steps details").nth(1)
    changed = step.locator(".diff .add")
    assert not changed.first.is_visible()
    step.locator("summary").click()
    assert changed.first.is_visible() and "prange" in changed.first.inner_text()
    step.locator("summary").focus()
    page.keyboard.press("Enter")
    assert not changed.first.is_visible()


def test_the_keyboard_reaches_the_result_first_and_everything_that_scrolls(visit):
    page = visit("complete", 390)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip" and page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('main').contains(document.activeElement)")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.evaluate(OPEN_ALL)
    unreached = page.evaluate("""() => [...document.querySelectorAll('main *')].filter(e => {
        const style = getComputedStyle(e);
        return e.scrollWidth > e.clientWidth + 1 && ['auto', 'scroll'].includes(style.overflowX) && !(e.tabIndex >= 0 && e.ariaLabel);
    }).map(e => e.outerHTML.slice(0, 80))""")
    assert unreached == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_in_charts_stand_out_from_the_page(visit, scheme):
    """Axe looks at no text of a drawing."""
    page = visit("complete", scheme=scheme)
    weak = page.evaluate("""() => {
        const parse = c => c.match(/[\\d.]+/g).map(Number);
        const light = c => { const [r, g, b] = parse(c).map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                             return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
        const paper = light(getComputedStyle(document.body).backgroundColor);
        return [...document.querySelectorAll('svg text')].filter(e => {
            const [a, b] = [light(getComputedStyle(e).fill), paper].sort((x, y) => y - x);
            return (a + 0.05) / (b + 0.05) < 4.5;
        }).map(e => [e.textContent, getComputedStyle(e).fill]);
    }""")
    assert weak == [] and page.locator("svg text").count() > 20


def test_on_paper_it_is_light_and_whole(visit):
    page = visit("complete", scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()") == "#1c2226"
    assert not page.locator("nav").is_visible() and page.locator("#lineage .diff .add").first.is_visible()
    page.set_viewport_size({"width": 700, "height": 900})
    assert page.evaluate(OVERFLOW) <= 0


# No colour depends on the width, and no element on the scheme: all four together are for the slow tests.
BOTH_ENDS, ALL = ((390, "light"), (1440, "dark")), ((390, "light"), (390, "dark"), (1440, "light"), (1440, "dark"))


@pytest.mark.parametrize("name, looks", [
    ("complete", BOTH_ENDS), ("begun", BOTH_ENDS), ("interrupted", BOTH_ENDS),
    *(pytest.param(name, ALL, marks=pytest.mark.slow) for name in ("complete", "begun", "interrupted", "huge"))])
def test_axe_finds_nothing(visit, name, looks):
    """No rule of axe-core's is broken, of any impact. It is a script, which the page itself would refuse."""
    from axe_playwright_python.sync_playwright import Axe

    page = visit(name, bypass_csp=True)
    # Of a hundred steps that are alike, a few tell as much in a fraction of the time.
    page.evaluate("document.querySelectorAll('.steps li:nth-child(n + 4)').forEach(step => step.remove())")
    page.evaluate(OPEN_ALL)
    for width, scheme in looks:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page).response["violations"]
        assert found == [], [(v["id"], v["impact"], width, scheme, [node["html"][:200] for node in v["nodes"][:3]]) for v in found]
