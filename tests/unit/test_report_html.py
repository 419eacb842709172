"""Pages of runs of any age and in any state, in which everything that a file says stays text."""

import base64
import dataclasses
import hashlib
import math
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.container import ErrorbarContainer

from runner.api import Axis, Bars, Figure, Histogram, Maps, Matrices, Profile, Scatter
from runner.compare import Difference, compare
from runner.errors import RunDirectoryError
from runner.report.drawings import drawings
from runner.report.figures.comparison import score_chart
from runner.report.html import comparison_page, run_page, write_report
from runner.report.html.comparison import interval
from runner.report.html.descriptions import described
from runner.report.html.pictures import Album, Picture
from runner.report.judgement import AT_FLOOR, BEYOND, WORSE, bar, summary, verdict
from runner.run_directory import RunDirectory, write_scores
from tests.report_runs import FIGURES, NORMAL, RECORD, ROWS, make_bare_run, make_group, make_run, row, scores

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7 * 7 }}</style>"

PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=")


class Page(HTMLParser):
    """What a browser would make of a page: elements in their order, and the text between them."""

    VOID = ("meta", "img", "br", "wbr", "input", "rect", "path", "link")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, "not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self._open):
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


@pytest.fixture
def sketched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes seconds; here every picture is a pixel."""

    def drawn(album: Album, draw: object, form: str, text: str, *, caption: str = "", wide: bool = False) -> Picture:
        return Picture("data:image/png;base64," + base64.b64encode(PIXEL).decode(), text, caption)

    monkeypatch.setattr(Album, "drawn", drawn)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    return make_run(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def html(run: RunDirectory) -> str:
    return run_page(run)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_the_page_shows_all_that_is_in_the_folder(page: Page) -> None:
    for words in (
        "charge-model",
        "A model of the charge.",
        "finished",
        "seed 3",
        "400 steps",
        "networks of step 300",
        "1 of 4 main scores is at the floor.",
        "The worst is wasserstein/mean: 9.00 ± 0.10 ADC, where real responses score 1.00 ± 0.20 ADC (z +40.0).",
        "Without a floor: speed/milliseconds.",
        "All 7 scores",
        "shuffled conditions",
        "These have learned nothing. A metric that finds shuffled conditions at the floor does not look at",
        "3.10%",
        "> 50%",
        "3 responses had no hit",
        "runner run resolved.yaml",
        "0123456789abcdef, with changes",
        "training 1 min, evaluation 2.5 s",
    ):
        assert words in page.text
    assert "nearest training event" not in page.text  # which is not among the references
    assert "not shown" not in page.text
    assert "cannot be drawn" not in page.text


def test_figures_say_in_words_what_they_show(page: Page) -> None:
    images = page.all("img")
    texts = [image["alt"] or "" for image in images]
    for words in (
        "at step 400: generator 0.0185",
        "best at step 400: kolmogorov_smirnov/largest 1.00 ± 0.10, floor 1.00 ± 0.20",
        "15 real responses beside 15 generated responses, at equal conditions",
        "sum over a response: real mean",
        f"Charge; real mean {NORMAL[:, 0].mean():.4g} ADC, sd {NORMAL[:, 0].std():.3g} ADC",
        "Width by angle; correlation of real ",
        "between 5 and 10 deg: real 2, generated 2.5 pad, +3.5 standard errors",
        "Occupancy; mean over all pixels: real 0.5, generated 0.25",
        "largest difference: a and b, real 0.00, generated 0.40",
        "ROC; trees",
        "Time; 1 2.00 ± 0.10 ms, 100 0.500 ± 0.010 ms",
    ):
        assert any(words in text for text in texts), (words, texts)
    assert all((image["src"] or "").startswith("data:image/") for image in images)
    kinds = {(image["alt"] or "").partition(";")[0]: (image["src"] or "").partition(";")[0] for image in images}
    assert kinds["Charge"] == kinds["ROC"] == "data:image/svg+xml"
    assert kinds["Occupancy"] == "data:image/png"


def test_the_page_is_one_file(html: str, page: Page) -> None:
    assert not re.search(r"(src|href)=\"(?!data:|#|log\.txt|git\.diff)", html)
    assert not re.search(r"url\(|@import|<link|<iframe|\bon[a-z]+=|style=", html.partition("</style>")[2])
    assert len(html.encode()) < 5_000_000


def test_the_policy_allows_this_style_and_this_script_alone(html: str, page: Page) -> None:
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:; ")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_the_page_can_be_read_aloud(page: Page) -> None:
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("header")) == len(page.all("nav")) == 1
    assert len(page.all("caption")) == len(page.all("table")) >= 4
    assert all(head.get("scope") in ("col", "row") for head in page.all("th"))
    assert all(image["alt"] for image in page.all("img"))
    identifiers = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    targets = {link["href"] for link in page.all("a") if (link["href"] or "").startswith("#")}
    named = {attributes.get("aria-labelledby") for _, attributes in page.elements} - {None}
    assert targets <= {f"#{name}" for name in identifiers}
    assert named <= set(identifiers)


def test_the_same_files_give_the_same_bytes_wherever_they_are(run: RunDirectory, html: str, tmp_path: Path) -> None:
    moved = tmp_path / run.path.name
    shutil.copytree(run.path, moved)
    assert run_page(RunDirectory.open(moved)) == html


@pytest.mark.usefixtures("sketched")
def test_the_page_is_in_its_place(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    assert write_report(run) == run.path / "report.html"
    assert run.report.read_text(encoding="utf-8") == run_page(run)


@pytest.mark.usefixtures("sketched")
def test_what_a_run_is_about_to_say_is_what_it_says_then(tmp_path: Path) -> None:
    run = make_bare_run(tmp_path, dataclasses.replace(RECORD, status="running"))
    ending = {"status": "finished", "finished": "2026-01-31T23:59:59.000Z", "timings": {"training": 9.0}}
    before = run_page(run, dataclasses.replace(run.record, **ending))
    run.update(**ending)
    assert run_page(run) == before


@pytest.mark.usefixtures("sketched")
def test_everything_from_files_stays_text(tmp_path: Path) -> None:
    name = "<script>alert(1)<script>\"'><img src=x onerror=alert(2)>"  # no folder can have a slash in its name
    record = dataclasses.replace(
        RECORD,
        name=name,
        description=EVIL,
        message=EVIL,
        command=EVIL,
        versions={EVIL: EVIL},
        timings={EVIL: 1.0},
        status="failed",
    )
    rows = (row(metric=EVIL, score=EVIL, unit=EVIL), row(metric=EVIL, score="other", unit=EVIL, headline=False))
    found = dataclasses.replace(scores(rows), notes=(f"{EVIL}: {EVIL}",))
    html = run_page(make_run(tmp_path, record, found))
    page, plain = Page(html), Page(run_page(make_run(tmp_path / "plain", found=scores(ROWS[:2]))))
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in plain.elements} | {"p", "strong", "ul", "li"}
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert len(page.all("script")) == len(page.all("style")) == 1
    assert page.text.count("<script>alert(1)</script>") >= 8
    assert "{{ 7 * 7 }}" in page.text
    assert page.all("html") == [{"lang": "en"}]


@pytest.mark.usefixtures("sketched")
def test_a_run_without_scores_says_what_to_do(tmp_path: Path) -> None:
    for status, advice in (
        ("failed", "No scores. It failed."),
        ("diverged", "No scores. Its training diverged."),
        ("interrupted", "No scores. It was interrupted; runner resume goes on with it."),
    ):
        record = dataclasses.replace(RECORD, status=status, message="no space left")
        page = Page(run_page(make_bare_run(tmp_path, record)))
        assert advice in page.text
        assert f"{status}: no space left" in page.text
        assert not page.all("img")
        assert "charge-model" in page.text


@pytest.mark.usefixtures("sketched")
def test_scores_of_version_1_0_have_no_floor(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    run.scores.write_text(
        '{"schema_version": "1.0", "data_digest": "d", "notes": [], "rows": [{"metric": "m", "score": "s",'
        '"value": 2.5, "error": 0.5, "unit": "ADC", "better": "lower", "split": "test", "step": 1, "events": 9,'
        '"version": 1, "headline": true}]}'
    )
    run.validation.unlink()
    page = Page(run_page(run))
    assert "No main score has a floor" in page.text
    assert "2.50 ± 0.50" in page.text
    assert not page.all("svg") or all("scale" in (drawn["class"] or "") for drawn in page.all("svg"))


@pytest.mark.usefixtures("sketched")
def test_figures_of_an_older_version_are_shown_as_they_are(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    run.figure_data.unlink()
    folder = run.figures / "wasserstein"
    folder.mkdir(parents=True)
    (folder / "width_pad.png").write_bytes(PIXEL)
    (folder / "broken.png").write_bytes(b"<svg onload=alert(1)>")
    page = Page(run_page(run))
    said = "wasserstein: width pad, as it was drawn then: no data of figures, which runner evaluate makes"
    assert said in {image["alt"] for image in page.all("img")}
    assert "broken.png is not a PNG file" in page.text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("scores.json", "scores.json is not shown: scores.json: is not valid JSON"),
        ("validation.json", "validation.json is not shown: validation.json: is not valid JSON"),
        ("history.h5", "the history of losses is not shown: history.h5: "),
        ("samples/real.h5", "the gallery of responses is not shown: samples/real.h5: "),
        ("figures.h5", "figures.h5 is not shown: figures.h5: "),
    ],
)
@pytest.mark.usefixtures("sketched")
def test_a_broken_file_costs_its_part_of_the_page_alone(tmp_path: Path, name: str, said: str) -> None:
    run = make_run(tmp_path)
    (run.path / name).write_bytes(b"not what it was")
    page = Page(run_page(run))
    assert said in page.text
    assert str(run.path) not in page.text
    assert "Provenance" in page.text
    assert page.all("img")


@pytest.mark.usefixtures("sketched")
def test_responses_at_other_conditions_are_not_paired(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    text = run.resolved.read_text()
    run.resolved.write_text(text.replace("data_seed: 7", "data_seed: 8"))
    page = Page(run_page(run))
    assert "the gallery of responses is not shown" in page.text
    assert "are not those to the events in real.h5" in page.text


def test_a_figure_that_cannot_be_drawn_costs_itself_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from runner.report import figures

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("no pads")

    monkeypatch.setattr(figures, "gallery", fail)
    page = Page(run_page(make_run(tmp_path)))
    assert "cannot be drawn: ZeroDivisionError: no pads" in page.text
    assert page.all("img")


def test_no_page_grows_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from runner.report.html import pictures

    run = make_run(tmp_path)
    monkeypatch.setattr(pictures, "_ROOM", 100)
    page = Page(run_page(run))
    assert not page.all("img")
    assert "the page would become too large" in page.text


@pytest.mark.usefixtures("sketched")
def test_an_imported_run_is_repeated_by_importing(tmp_path: Path) -> None:
    record = dataclasses.replace(RECORD, imported="/elsewhere/gan.h5", steps=0, model_step=0)
    page = Page(run_page(make_bare_run(tmp_path, record)))
    assert "runner import networks/generator/gan.h5 --experiment resolved.yaml" in page.text
    assert "trained elsewhere" in page.text


def test_a_report_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    run = make_bare_run(tmp_path)
    run.report.mkdir()
    with pytest.raises(RunDirectoryError, match=r"report\.html: cannot be written"):
        write_report(run)


@pytest.mark.parametrize(
    ("z", "better", "said"),
    [
        (2.9, "lower", AT_FLOOR),
        (3.0, "lower", WORSE),
        (-3.0, "lower", BEYOND),
        (-2.9, "lower", AT_FLOOR),
        (3.0, "higher", BEYOND),
        (-3.0, "higher", WORSE),
        (-3.0, "zero", WORSE),
        (3.0, "one", WORSE),
        (math.inf, "lower", WORSE),
        (9.0, "none", ""),
        (None, "lower", ""),
    ],
)
def test_the_verdict_is_by_the_direction(z: float | None, better: str, said: str) -> None:
    assert verdict(z, better) == said
    drawn = bar(z, better)
    assert (drawn is None) == (said == "")
    if drawn is not None:
        assert drawn.kind == {AT_FLOOR: "floor", WORSE: "worse", BEYOND: "beyond"}[said]
        assert (drawn.left >= drawn.zero) == (said != BEYOND and (z or 0) * (1, -1)[better == "higher"] >= 0) or (
            better in ("zero", "one")
        )


@pytest.mark.parametrize("z", [-100.0, -6.0, -1.0, 0.0, 1.0, 15.0, 15.1, math.inf])
def test_a_bar_is_as_long_as_z_until_its_scale_ends(z: float) -> None:
    drawn = bar(z, "lower")
    assert drawn is not None
    assert [text for _, text in drawn.ticks] == ["\N{MINUS SIGN}3", "0", "3", "10"]
    places = {text: place for place, text in drawn.ticks}
    unit = (places["10"] - places["0"]) / 10
    assert drawn.width == pytest.approx(unit * min(abs(z), 15 if z > 0 else 6))
    assert drawn.capped == (not -6 <= z <= 15)
    assert drawn.left + (drawn.width if z < 0 else 0) == pytest.approx(places["0"])
    assert 0 <= drawn.left <= drawn.left + drawn.width <= drawn.length


def test_a_perfect_model_is_said_to_be_one() -> None:
    assert summary(scores(ROWS[:1])) == [
        "The one main score with a floor is at it: by it the model cannot be told from real responses."
    ]
    two = scores((ROWS[0], row(metric="other")))
    assert summary(two) == ["All 2 main scores are at the floor: by them the model cannot be told from real responses."]


def test_better_than_real_is_no_merit() -> None:
    (first, second) = summary(scores((row(value=0.1), row(metric="other"))))
    assert first == "1 of 2 main scores is at the floor."
    assert "kolmogorov_smirnov/largest. That is no merit" in second


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> list[RunDirectory]:
    root = tmp_path_factory.mktemp("compared")
    runs = [*make_group(root, "first", (1, 2, 3)), *make_group(root, "second", (1, 2, 3), factor=2.0)]
    runs[0].report.write_text("its own page")
    return runs


def test_a_comparison_shows_groups_differences_and_parameters(compared: list[RunDirectory]) -> None:
    comparison = compare(compared, everything=True)
    html = comparison_page(comparison, compared, compared[0].path.parent.parent)
    page = Page(html)
    for words in (
        "Comparison of first and second",
        "baseline",
        "shuffled_conditions",
        "real responses in a model's place",
        "Differences to first",
        "3 seeds, evaluation ± 0.1",
        "[95 % interval]",
        "paired",
    ):
        assert words in page.text
    for score in comparison.scores:
        for cell in score.cells:
            if cell is not None and cell.difference is not None:
                assert f"{cell.difference.value:+.1f}"[:2] in page.text
                assert cell.difference.verdict in page.text
    (image,) = page.all("img")
    assert "kolmogorov_smirnov/largest: first z +1.1, second z +7.2" in (image["alt"] or "")
    assert len(page.all("h1")) == 1
    assert len(page.all("caption")) == len(page.all("table"))
    assert len(html.encode()) < 1_000_000
    assert comparison_page(comparison, compared, compared[0].path.parent.parent) == html


def test_runs_with_a_page_of_their_own_are_linked(compared: list[RunDirectory], tmp_path: Path) -> None:
    comparison = compare(compared, everything=True)
    root = compared[0].path.parent.parent
    beside = Page(comparison_page(comparison, compared, root))
    links = [link["href"] for link in beside.all("a") if not (link["href"] or "").startswith("#")]
    assert links == [f"first/{compared[0].path.name}/report.html"]
    (above,) = [link["href"] for link in Page(comparison_page(comparison, compared, root / "first")).all("a")][-1:]
    assert above == f"{compared[0].path.name}/report.html"


def test_what_limits_a_comparison_comes_first(compared: list[RunDirectory]) -> None:
    comparison = dataclasses.replace(compare(compared), warnings=("the revisions differ",))
    page = Page(comparison_page(comparison, compared))
    assert page.text.index("the revisions differ") < page.text.index("Runs that differ in the seed")


@pytest.mark.usefixtures("sketched")
def test_names_of_runs_stay_text_in_a_comparison(tmp_path: Path) -> None:
    name = EVIL.replace("/", "")
    runs = [*make_group(tmp_path, name, (1,)), *make_group(tmp_path, "javascript:alert(1)", (1,))]
    for run in runs:
        run.report.write_text("its own page")
    comparison = dataclasses.replace(compare(runs, everything=True), warnings=(EVIL,), notes=(EVIL,))
    page = Page(comparison_page(comparison, runs, tmp_path))
    assert name in page.text
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert len(page.all("script")) == 1
    addresses = [link["href"] or "" for link in page.all("a")]
    assert all(re.fullmatch(r"#[a-z]+|[A-Za-z0-9%_./-]+/report\.html", address) for address in addresses)
    assert sum(address.endswith("/report.html") for address in addresses) == 2
    assert all("<script>alert" in (image["alt"] or "") for image in page.all("img"))


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (-2.7, -3.4, -2.0, "-2.70 [-3.40, -2.00]"),
        (0.0712, -0.0101, 0.1525, "+0.071 [-0.010, +0.152]"),
        (1234.0, 1000.0, 1468.0, "+1230 [+1000, +1470]"),
        (0.5, None, None, "+0.5"),
        (0.5, 0.5, 0.5, "+0.5"),
        (0.5, -math.inf, math.inf, "+0.5"),
        (math.nan, None, None, "+nan"),
    ],
)
def test_intervals_are_rounded_by_their_width(value: float, low: float | None, high: float | None, text: str) -> None:
    difference = Difference(
        value=value, low=low, high=high, p=None, p_holm=None, test="Welch", reason="", verdict="not distinguishable"
    )
    assert interval(difference) == text


def test_seeds_far_off_on_both_sides_of_the_floor_are_not_at_it(tmp_path: Path) -> None:
    bias = {"better": "zero", "value": 0.0, "floor": 0.0, "floor_sd": 0.1}
    runs = []
    for seed, value in enumerate((1.0, -1.0)):
        run = make_bare_run(tmp_path, dataclasses.replace(RECORD, name="biased", seed=seed))
        write_scores(run, scores([row(**{**bias, "value": value})]))
        runs.append(run)
    comparison = compare(runs)
    (cell,) = comparison.scores[0].cells[:1]
    assert cell is not None
    assert cell.z == pytest.approx(0.0)
    assert cell.rms_z == pytest.approx(10.0)
    assert cell.at_floor is False
    page = Page(comparison_page(comparison, runs))
    assert "worse than real" in page.text
    assert "at the floor" not in page.text
    assert "z 0.0 (rms 10.0)" in page.text
    (bars, *_) = score_chart(comparison).axes[0].containers
    assert isinstance(bars, ErrorbarContainer)
    assert np.asarray(bars.lines[0].get_xydata())[:, 0] == pytest.approx([10.0])


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> list[RunDirectory]:
    """Three groups of one run; the last one has no data of figures."""
    root = tmp_path_factory.mktemp("pictured")
    charge = {"wasserstein": FIGURES["wasserstein"][:1]}
    runs = [make_run(root, dataclasses.replace(RECORD, name=name), figures=charge) for name in ("a", "b", "c")]
    for run in runs:
        run.resolved.write_text(run.resolved.read_text() + f"training: {{model: {run.record.name}}}\n")
    runs[2].figure_data.unlink()
    return runs


def test_a_comparison_shows_losses_responses_and_where_runs_came_from(pictured: list[RunDirectory]) -> None:
    comparison = compare(pictured)
    html = comparison_page(comparison, pictured)
    page = Page(html)
    alternatives = [image["alt"] or "" for image in page.all("img")]
    assert [text.partition(";")[0].partition(".")[0] for text in alternatives] == [
        "Distance of each main score from the floor",
        "8 real responses, and those of a, b, c at the same conditions, on one colour scale",
        "Losses against the training step",
        "wasserstein: Charge",
    ]
    assert "; a mean " in alternatives[3]
    identifiers = [run.record.id for run in pictured]
    assert f"c {identifiers[2]}: no data of figures: runner evaluate {identifiers[2]} makes them" in page.text
    assert f"runner compare {' '.join(identifiers)} --all --each --format html" in page.text
    assert "0123456789ab, with changes" in page.text
    assert "180, 0, 120" in page.text
    assert len(html.encode()) < 5_000_000


def test_a_group_has_one_colour_in_all_figures(pictured: list[RunDirectory]) -> None:
    comparison = compare(pictured, baseline=pictured[1:2])
    found = drawings(comparison, pictured)
    (chart,) = found.chart
    colours = {
        str(bars.get_label()): bars.lines[0].get_color()
        for bars in chart.draw().axes[0].containers
        if isinstance(bars, ErrorbarContainer) and bars.get_label() in ("a", "b", "c")
    }
    assert len(set(colours.values())) == 3
    (overlay,) = found.distributions
    assert overlay.text.index("; b mean") < overlay.text.index("; a mean")  # the baseline first
    patches = {patch.get_label(): patch.get_edgecolor() for patch in overlay.draw().axes[0].patches}
    (losses,) = found.losses
    lines = {line.get_label(): line.get_color() for line in losses.draw().axes[0].lines}
    for label in ("a", "b"):
        assert to_rgba(patches[label]) == to_rgba(colours[label])
        assert lines[label] == colours[label]


@pytest.mark.parametrize("groups", [0, 1, 12])
def test_the_chart_of_any_number_of_groups(compared: list[RunDirectory], groups: int) -> None:
    whole = compare(compared)
    some = dataclasses.replace(
        whole,
        groups=(whole.groups * 12)[:groups],
        scores=tuple(dataclasses.replace(score, cells=(score.cells * 12)[:groups]) for score in whole.scores),
    )
    axis = score_chart(some).axes[0]
    assert axis.get_xlabel() == "distance from the floor, to the worse [sd of the floor]"
    assert len(axis.containers) == groups
    assert len(axis.get_yticks()) == (4 if groups else 0)
    low, high = axis.get_xlim()
    assert low < -3 < 3 < high


EMPTY = np.empty(0)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (Histogram("h", "H", "x", "ADC", EMPTY, np.array([1.0, np.nan])), "real no finite value; generated mean 1 ADC"),
        (Scatter("s", "S", ("x", "y"), ("", ""), np.ones((3, 2)), np.full((2, 2), np.nan)), "of real undefined, of"),
        (
            Profile("p", "P", ("x", "y"), ("", ""), np.arange(3.0), np.full((3, 2), np.nan), np.zeros((3, 2))),
            "no bin with enough events",
        ),
        (
            Maps("m", "M", "x", "", (Axis("a", 1), Axis("b", 1)), np.full((1, 1), np.inf), np.ones((1, 1))),
            "real undefined, generated 1",
        ),
        (Matrices("c", "C", ("a",), ("a",), np.full((1, 1), np.nan), np.ones((1, 1))), "undefined"),
        (Bars("b", "B", "x", "ms", ("one",), np.array([np.nan])), "one n/a ms"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_what_is_undefined_is_called_so(data: Figure, said: str) -> None:
    assert said in described(data)
