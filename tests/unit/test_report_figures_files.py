"""Figures as files: formats, styles, and everything of a run drawn from its folder alone."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from runner import config, evaluation, testing
from runner.api import Histogram, Sample
from runner.errors import ExperimentError, RunDirectoryError
from runner.plan import make_plan
from runner.report import figures
from runner.report.compared import compared_samples
from runner.report.figures import styles
from runner.report.figures.files import write_figure_files
from runner.run_directory import (
    HistoryWriter,
    RunDirectory,
    RunRecord,
    ValidationRow,
    add_validation,
    write_figures,
    write_sample,
)

HISTOGRAM = Histogram("width", "Width", "width", "pad", np.arange(30.0), np.arange(20.0))


@pytest.fixture
def run(tmp_path: Path, root: Path) -> RunDirectory:
    """A run with everything that is drawn."""
    document = config.read(root / "experiments" / "quickstart.yaml", ["evaluation.events=20", "data_seed=7"])
    resolved = config.dump(make_plan(document).resolved())
    run = RunDirectory.create(tmp_path / "runs", RunRecord(name="toy", seed=1), {"resolved.yaml": resolved})
    run.samples.mkdir()
    write_sample(run.samples / "real.h5", testing.sample(events=64))
    write_sample(run.samples / "generated.h5", generated_sample())
    history = HistoryWriter(run)
    history.append(1, {"critic": np.ones(10)})
    history.flush()
    add_validation(run, [ValidationRow(step=10, metric="m", score="s", value=1.0, error=None, unit="1", better="lower",
                                       headline=True, floor=0.5, floor_sd=0.1)])  # fmt: skip
    write_figures(run, {"separation": [HISTOGRAM]}, step=10)
    return run


def expected_halves() -> evaluation.Halves:
    return evaluation.halve(evaluation.real_events(testing.sample(events=64), 40, 7), 20, 7)


def generated_sample() -> Sample:
    """Thirty responses, the first twenty at the conditions of the events that are asked for."""
    sample, asked = testing.sample(events=30, seed=1), expected_halves().asked
    return replace(sample, conditions=np.concatenate([asked.conditions, sample.conditions[20:]]))


def names(run: RunDirectory) -> set[str]:
    return {path.relative_to(run.figures).as_posix() for path in run.figures.rglob("*") if path.is_file()}


def test_a_run_is_drawn_from_its_folder_alone(run: RunDirectory) -> None:
    stems = ["gallery", "mean_response", "losses", "validation", "separation/width"]
    written = write_figure_files(run, ("png", "pdf"))
    expected = [f"{stem}.{form}" for stem in stems for form in ("png", "pdf")]
    assert [path.relative_to(run.figures).as_posix() for path in written] == expected
    assert names(run) == set(expected)
    alone = figures.encoded(figures.draw(HISTOGRAM), "png")
    assert (run.figures / "separation" / "width.png").read_bytes() == alone


def test_what_is_not_there_is_not_drawn(run: RunDirectory) -> None:
    for path in (run.samples / "generated.h5", run.figure_data, run.validation):
        path.unlink()
    write_figure_files(run, ("svg",))
    assert names(run) == {"losses.svg"}


def test_the_events_drawn_are_those_that_were_compared(run: RunDirectory) -> None:
    found = compared_samples(run)
    assert found is not None
    halves, generated = found
    expected = expected_halves()
    assert len(generated) == len(halves.asked) == 20
    for half, of_run in ((expected.asked, halves.asked), (expected.compared, halves.compared)):
        np.testing.assert_array_equal(half.event_ids, of_run.event_ids)
    np.testing.assert_array_equal(generated.responses, testing.sample(events=30, seed=1).responses[:20])


def test_an_experiment_that_cannot_be_read_is_told(run: RunDirectory) -> None:
    run.resolved.write_text("name: toy\n")
    with pytest.raises(RunDirectoryError, match=r"evaluation\.events must be a whole number"):
        write_figure_files(run)


def test_a_folder_that_is_gone_is_not_made_again(run: RunDirectory, tmp_path: Path) -> None:
    moved = run.path.rename(tmp_path / "elsewhere")
    with pytest.raises(RunDirectoryError, match="cannot be made"):
        write_figure_files(run)
    assert not run.path.exists()
    assert moved.is_dir()


def test_drawing_a_run_loads_neither_tensorflow_nor_pyplot(run: RunDirectory, root: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from runner.run_directory import RunDirectory;"
        "from runner.report.figures.files import write_figure_files;"
        f"write_figure_files(RunDirectory(Path({str(run.path)!r})));"
        "print([name for name in ('tensorflow', 'keras', 'matplotlib.pyplot') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def test_figures_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    figure = figures.draw(HISTOGRAM)
    for form in ("png", "pdf", "svg"):
        path = figures.save(figure, tmp_path / f"a.{form}")
        assert path.read_bytes() == figures.encoded(figure, form)
    for path in (tmp_path / "a.jpg", tmp_path / "a"):
        with pytest.raises(ValueError, match="written as png, pdf, svg, not as"):
            figures.save(figure, path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pdf", "a.png", "a.svg"]


def test_files_tell_no_date_and_keep_their_text() -> None:
    figure = figures.draw(HISTOGRAM)
    svg, pdf = (figures.encoded(figure, form) for form in ("svg", "pdf"))
    assert b">width [pad]<" in svg
    assert b"date" not in svg
    assert b"CreationDate" not in pdf
    assert b"/FontFile2" in pdf  # TrueType, which journals take


def test_nothing_that_a_process_tells_matplotlib_changes_a_figure() -> None:
    usual = figures.encoded(figures.draw(HISTOGRAM), "png")
    with matplotlib.rc_context({"font.size": 20, "axes.grid": True, "lines.linewidth": 7, "savefig.dpi": 10}):
        assert figures.encoded(figures.draw(HISTOGRAM), "png") == usual
        assert matplotlib.rcParams["font.size"] == 20


def test_a_style_lasts_as_long_as_it_is_asked_for() -> None:
    pytest.importorskip("mplhep")
    usual = figures.encoded(figures.draw(HISTOGRAM), "png")
    with figures.style("mplhep"):
        other = figures.draw(HISTOGRAM)
        assert figures.encoded(other, "png") != usual
        assert list(other.get_size_inches()) == [6, 5]
        assert other.axes[1].xaxis.get_label().get_fontfamily() == ["sans-serif"]
        with figures.style("plain"):
            assert figures.encoded(figures.draw(HISTOGRAM), "png") == usual
    assert figures.encoded(figures.draw(HISTOGRAM), "png") == usual


def test_every_figure_can_be_drawn_in_every_style() -> None:
    pytest.importorskip("mplhep")
    sample: Sample = testing.sample()
    with figures.style("mplhep"):
        for figure in (figures.gallery(sample, sample, 2), figures.mean_response(sample, sample)):
            assert figures.encoded(figure, "svg")


def test_a_style_that_is_not_there_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ExperimentError, match=r"'fancy' is none\n.*plain, mplhep"), figures.style("fancy"):
        pass
    monkeypatch.setattr(styles.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ExperimentError, match=r"mplhep is not installed\n.*tpc-runner\[hep\]"), figures.style("mplhep"):
        pass
