"""The pages in a real browser: nothing leaves them, nothing in them runs but their own script, and they can be used."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runner.compare import compare
from runner.report.html import comparison_page, write_report
from runner.run_directory import write_atomic
from tests.report_runs import RECORD, ROWS, make_group, make_run, row, scores

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
WHITE = "rgb(255, 255, 255)"
EVIL = "<script>document.title='hit'</script>\"'><img src=x onerror=\"document.title='hit'\">"

Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if sync_playwright is None or not CHROMIUM.exists():
        reason = f"no browser: the package playwright and {CHROMIUM} are needed"
        if os.environ.get("RUNNER_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Opens a file; in the end nothing may have been complained of, and nothing asked for from outside."""
    trouble: list[str] = []
    pages: list[Page] = []

    def check(url: str) -> None:
        if not url.startswith(("file:", "data:")):
            trouble.append(f"asked for {url}")

    def open_file(path: Path, *, width: int = 1280, height: int = 900, **options: object) -> Page:
        page = browser.new_page(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda request: check(request.url))
        page.goto(path.as_uri())
        pages.append(page)
        return page

    yield open_file
    for page in pages:
        page.close()
    assert not trouble


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run as it usually is."""
    return write_report(make_run(tmp_path_factory.mktemp("runs")))


@pytest.fixture(scope="module")
def evil_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run whose every text is an attack."""
    name = EVIL.replace("/", "")  # it is a folder, too
    record = dataclasses.replace(RECORD, name=name, description=EVIL, message=EVIL, command=EVIL, status="failed")
    rows = (row(metric=EVIL, score=EVIL, unit=EVIL), row(metric=EVIL, score="b", headline=False))
    found = dataclasses.replace(scores(rows), notes=(f"{EVIL}: {EVIL}",))
    return write_report(make_run(tmp_path_factory.mktemp("evil"), record, found))


def first_column(page: Page) -> list[str]:
    cells = page.locator("table.sortable tbody tr:not([hidden]) > :first-child").all_inner_texts()
    return [re.sub(r"\s", "", cell) for cell in cells]


def test_the_page_opens_with_nothing_to_complain_of(opened: Open, report: Path) -> None:
    page = opened(report)
    assert page.title().startswith("charge-model (")
    assert page.locator("h1").inner_text() == "charge-model"
    broken = page.evaluate("[...document.images].filter(image => !image.naturalWidth).map(image => image.alt)")
    assert broken == []
    assert page.locator("img").count() >= 4
    assert report.stat().st_size < 5_000_000
    assert page.evaluate("getComputedStyle(document.querySelector('.status')).borderRadius") != "0px"  # has its style


def test_tables_are_sorted_by_click_and_by_keyboard(opened: Open, report: Path) -> None:
    page = opened(report)
    page.locator("summary", has_text="All 7 scores").click()
    z = page.locator("table.sortable thead th", has_text=re.compile("^z$"))
    z.locator("button").click()
    assert z.get_attribute("aria-sort") == "ascending"
    ascending = first_column(page)
    assert ascending[:2] == ["coverage/recall", "memorisation/distance_ratio"]
    assert ascending[4:] == ["wasserstein/mean", "speed/milliseconds", "wasserstein/mean_charge"]
    page.locator("table.sortable thead th button", has_text="distance from the floor").click()
    away = first_column(page)
    assert away[:2] == ["wasserstein/width", "kolmogorov_smirnov/largest"]  # the one beyond the floor comes first
    assert away[4:5] == ["wasserstein/mean"]
    page.locator("table.sortable thead th button").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert first_column(page) == sorted(ascending)
    page.keyboard.press("Space")
    assert first_column(page) == sorted(ascending, reverse=True)
    assert z.get_attribute("aria-sort") is None
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_tables_are_filtered(opened: Open, report: Path) -> None:
    page = opened(report)
    page.locator("summary", has_text="All 7 scores").click()
    page.get_by_label("Show rows of").fill("wasserstein MEAN")
    assert first_column(page) == ["wasserstein/mean", "wasserstein/mean_charge"]
    assert page.get_by_role("status").inner_text() == "2 of 7 rows"
    page.get_by_label("Show rows of").fill("")
    assert len(first_column(page)) == len(ROWS)


def test_without_javascript_everything_is_there(browser: Browser, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("table.sortable tbody tr").count() == len(ROWS)
    assert page.locator("button, input").count() == 0
    context.close()


def test_nothing_that_a_file_says_runs(opened: Open, evil_report: Path) -> None:
    page = opened(evil_report)
    page.locator("summary", has_text="All 2 scores").click()
    page.locator("table.sortable thead th button").first.click()
    page.wait_for_timeout(100)
    assert page.title() != "hit"
    assert page.locator("h1").inner_text() == EVIL.replace("/", "")
    assert page.locator("script").count() == 1
    assert page.locator("[onerror]").count() == 0
    assert page.locator("img").count() == page.locator("img[src^='data:']").count()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_down_and_not_to_the_side(opened: Open, report: Path, scheme: str) -> None:
    page = opened(report, width=360, height=740, color_scheme=scheme)
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    wide = page.locator(".scroll", has=page.locator("table.sortable"))
    assert wide.evaluate("box => box.scrollWidth > box.clientWidth")  # and is reached within its box
    assert wide.get_attribute("tabindex") == "0"


def contrast(page: Page) -> list[str]:
    """Texts whose colour is less than 4.5 : 1 against what is behind them (WCAG 2.2, 1.4.3)."""
    found: list[str] = page.evaluate(
        """() => {
          const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
          const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
            .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const behind = (element) => {
            for (let above = element; above; above = above.parentElement) {
              const colour = rgb(getComputedStyle(above).backgroundColor);
              if (colour.length === 3 || colour[3] > 0) return colour;
            }
            return [255, 255, 255];
          };
          const failing = [];
          for (const element of document.body.querySelectorAll("*")) {
            const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
            if (!own || ["SCRIPT", "STYLE"].includes(element.tagName)) continue;
            const style = getComputedStyle(element);
            const front = light(rgb(element instanceof SVGElement ? style.fill : style.color));
            const back = light(behind(element));
            const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
            if (ratio < 4.5) failing.push(`${element.tagName}.${element.getAttribute("class")} ${ratio.toFixed(1)}`);
          }
          return failing;
        }"""
    )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(opened: Open, report: Path, scheme: str) -> None:
    page = opened(report, color_scheme=scheme)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == WHITE) == (scheme == "light")
    assert page.locator("figure img").first.evaluate("image => getComputedStyle(image).backgroundColor") == WHITE
    assert contrast(page) == []


def test_paper_is_white_and_shows_what_is_folded(opened: Open, report: Path) -> None:
    page = opened(report, color_scheme="dark", width=690)
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == WHITE
    assert page.evaluate("getComputedStyle(document.querySelector('.scroll')).overflowX") == "visible"
    assert not page.locator("nav").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    widest = page.locator("table").evaluate_all(
        "tables => Math.max(...tables.map(t => t.getBoundingClientRect().right))"
    )
    assert widest <= 690
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_the_heading_of_a_bar_is_on_its_scale(opened: Open, report: Path) -> None:
    page = opened(report)
    zero = page.locator("thead .scale text", has_text=re.compile("^0$")).first.bounding_box()
    line = page.locator("tbody .bar .zero").first.bounding_box()
    assert zero is not None
    assert line is not None
    assert abs(zero["x"] + zero["width"] / 2 - line["x"]) < 1


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of two groups, one of which is called like an attack."""
    root = tmp_path_factory.mktemp("comparison")
    runs = [*make_group(root, "plain", (1, 2, 3)), *make_group(root, EVIL.replace("/", ""), (1, 2, 3), factor=2.0)]
    for run in runs:
        run.report.write_text("<!DOCTYPE html><title>its own page</title>")
    page = comparison_page(compare(runs, everything=True), runs, root)
    write_atomic(root / "comparison.html", page)
    return root / "comparison.html"


def test_a_comparison_is_sorted_and_filtered(opened: Open, comparison: Path) -> None:
    page = opened(comparison)
    table = page.locator("table.sortable", has_text="Differences to plain").first
    verdict = table.locator("thead th", has_text="verdict")
    verdict.locator("button").press("Enter")
    assert verdict.get_attribute("aria-sort") == "ascending"
    said = [cell.split("\n")[0].strip() for cell in table.locator("tbody td:last-child").all_inner_texts()]
    assert said == sorted(said)
    page.locator("summary", has_text="scores").click()
    page.get_by_label("Show rows of").first.fill("coverage")
    assert page.get_by_role("status").first.inner_text() == "1 of 7 rows"
    assert page.title().startswith("Comparison of plain and <script>")


def test_a_comparison_leads_to_the_runs(opened: Open, comparison: Path) -> None:
    page = opened(comparison)
    links = page.locator("#groups a")
    assert links.count() == 6
    for number in (0, 5):
        links.nth(number).click()
        assert page.title() == "its own page"
        page.go_back()


def test_a_comparison_fits_a_phone_and_can_be_read(opened: Open, comparison: Path) -> None:
    for scheme in ("light", "dark"):
        page = opened(comparison, width=360, height=740, color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert contrast(page) == []
        assert page.locator("[onerror]").count() == 0
