import math
import re
import statistics
from pathlib import Path
from typing import Any

import pytest

from runner.compare import Cell, Comparison, Difference, compare
from runner.compare.statistics import estimate, holm
from runner.errors import ExperimentError, RunDirectoryError
from runner.run_directory import DeviceRecord, GitRecord, PluginRecord, ReferenceScores, RunDirectory
from tests.unit.compared_runs import row, run, seeds


def cells(comparison: Comparison, key: str = "m/s") -> tuple[Any, ...]:
    return next(score.cells for score in comparison.scores if score.key == key)


def difference(cell: Cell | None) -> Difference:
    assert cell is not None
    assert cell.difference is not None
    return cell.difference


def test_runs_that_differ_in_seed_and_name_alone_are_one_group(tmp_path: Path) -> None:
    runs = [
        run(tmp_path, row(), seed=3, name="a", description="one"),
        run(tmp_path, row(), seed=1, name="b", description="two"),
        run(tmp_path, row(), seed=2, name="a", training={"steps": 5}),
    ]
    first, second = compare(runs).groups
    assert (first.seeds, second.seeds) == ((1, 3), (2,))
    assert first.ids == (runs[1].record.id, runs[0].record.id)
    assert first.paths == (runs[1].path, runs[0].path)
    assert (first.name, first.label, second.label) == ("b", "b", "a")


def test_groups_of_one_name_are_told_apart_by_an_id(tmp_path: Path) -> None:
    runs = [run(tmp_path, row(), training={"steps": steps}) for steps in (5, 6)]
    assert [group.label for group in compare(runs).groups] == [f"x {one.record.id}" for one in runs]


def test_the_older_of_two_runs_of_one_seed_is_left_out(tmp_path: Path) -> None:
    old, new = run(tmp_path, row(value=1.0)), run(tmp_path, row(value=2.0))
    old.update(created="2026-01-01T00:00:00.000Z")
    for runs in ([old, new], [new, old]):
        comparison = compare(runs)
        assert cells(comparison)[0].mean == 2.0
        assert comparison.groups[0].ids == (new.record.id,)
        (warning,) = comparison.warnings
        assert warning.startswith(f"x {old.record.id} is left out")
    assert len(compare([old, new], each=True).groups) == 2
    assert compare([old, old]).warnings == ()


def test_a_cell_holds_mean_scatter_and_error_of_the_seeds(tmp_path: Path) -> None:
    runs = [
        run(tmp_path, row(value=value, error=error), seed=seed)
        for seed, (value, error) in enumerate([(3.0, 0.3), (5.0, 0.4), (4.6, 0.5)])
    ]
    (cell,) = cells(compare(runs))
    assert cell.mean == pytest.approx(4.2)
    assert cell.sd == pytest.approx(statistics.stdev([3.0, 5.0, 4.6]))
    assert cell.n == 3
    assert cell.error == pytest.approx(math.sqrt((0.09 + 0.16 + 0.25) / 3))
    assert cell.z == pytest.approx((4.2 - 1.0) / 0.5)
    assert (cell.best, cell.difference) == (False, None)


def test_one_seed_has_no_scatter(tmp_path: Path) -> None:
    (cell,) = cells(compare([run(tmp_path, row(error=None, floor=None, floor_sd=None))]))
    assert (cell.mean, cell.sd, cell.n, cell.error, cell.z, cell.at_floor) == (3.0, None, 1, None, None, None)


def test_the_floor_is_missed_by_seeds_that_are_off_on_both_sides(tmp_path: Path) -> None:
    """Their mean is at the floor, none of them is."""
    (cell,) = cells(compare(seeds(tmp_path, [6.0, -6.0], better="zero", floor=0.0)))
    assert cell.z == 0
    assert cell.at_floor is False


@pytest.mark.parametrize(("value", "at_floor"), [(2.49, True), (2.51, False), (-0.49, True), (-0.51, False)])
def test_the_floor_reaches_three_standard_deviations(tmp_path: Path, value: float, at_floor: bool) -> None:
    (cell,) = cells(compare([run(tmp_path, row(value=value))]))
    assert cell.at_floor is at_floor


@pytest.mark.parametrize(
    ("better", "values", "best"),
    [
        ("lower", (3, 1, 2), [1]),
        ("higher", (3, 1, 2), [0]),
        ("zero", (-3, 1, -0.5), [2]),
        ("one", (0.2, 1.1, 3), [1]),
        ("none", (3, 1, 2), []),
        ("lower", (2, 2, 3), [0, 1]),
        ("lower", (math.nan, 2, 3), [1]),
        ("lower", (math.nan, 2, math.nan), []),
        ("lower", (math.inf, 2, 3), [1]),
    ],
)
def test_the_best_is_marked_by_the_direction(
    tmp_path: Path, better: str, values: tuple[float, ...], best: list[int]
) -> None:
    runs = [
        run(tmp_path, row(value=float(value), better=better), training={"steps": number})
        for number, value in enumerate(values, start=1)
    ]
    found = cells(compare(runs))
    assert [number for number, cell in enumerate(found) if cell.best] == best


def test_the_best_mean_near_zero_is_not_that_of_opposite_faults(tmp_path: Path) -> None:
    runs = [*seeds(tmp_path, [5, -5], better="zero"), *seeds(tmp_path, [1, 1], better="zero", name="y", device="cpu")]
    assert [cell.best for cell in cells(compare(runs))] == [False, True]


@pytest.mark.parametrize(
    ("better", "factor", "expected"), [("lower", 1, "better"), ("lower", -1, "worse"), ("higher", 1, "worse")]
)
def test_a_difference_of_three_seeds_has_a_p_value_and_a_verdict(
    tmp_path: Path, better: str, factor: int, expected: str
) -> None:
    a, b = [9.0, 8.0, 8.6], [8.0 - factor * 2.9, 8.0 - factor * 4.1, 8.3 - factor * 3.4]
    runs = [*seeds(tmp_path, a, better=better), *seeds(tmp_path, b, better=better, name="y", device="cpu")]
    comparison = compare(runs)
    found = difference(cells(comparison)[1])
    oracle = estimate(dict(enumerate(b)), dict(enumerate(a)), None, None)
    assert (found.value, found.low, found.high, found.p, found.test) == oracle[:5]
    assert found.p_holm == found.p  # one test
    assert (found.verdict, found.reason) == (expected, "")
    assert cells(comparison)[0].difference is None
    assert "Holm's method for the main scores of a group (1)" in comparison.notes[0]


@pytest.mark.parametrize(("better", "ideal"), [("zero", 0.0), ("one", 1.0)])
def test_the_distance_to_an_ideal_in_the_middle_is_compared(tmp_path: Path, better: str, ideal: float) -> None:
    a = [ideal + value for value in (-5.0, 5.1, -5.2)]
    b = [ideal + value for value in (6.0, 6.2, 6.1)]
    runs = [*seeds(tmp_path, a, better=better), *seeds(tmp_path, b, better=better, name="y", device="cpu")]
    found = difference(cells(compare(runs))[1])
    assert found.value == pytest.approx(1.0)
    assert found.verdict == "worse"


def test_seeds_that_do_not_match_are_not_paired(tmp_path: Path) -> None:
    runs = [*seeds(tmp_path, [9, 8, 8.5]), *seeds(tmp_path, [5, 6, 5.5], first=2, name="y", device="cpu")]
    assert difference(cells(compare(runs))[1]).test == "Welch"


def test_seeds_without_a_partner_are_named(tmp_path: Path) -> None:
    runs = [*seeds(tmp_path, [9, 8, 8.5]), *seeds(tmp_path, [5, 6, 5.5, 90], name="y", device="cpu")]
    comparison = compare(runs)
    assert difference(cells(comparison)[1]).test == "paired"
    assert difference(cells(comparison)[1]).value == pytest.approx(-3)
    assert "not paired and left out of the differences: seeds 4 (y)" in comparison.notes


def test_seeds_that_do_not_scatter_are_not_significant(tmp_path: Path) -> None:
    runs = [*seeds(tmp_path, [9, 8, 8.5]), *seeds(tmp_path, [9.5, 8.5, 9.0], name="y", device="cpu")]
    found = difference(cells(compare(runs))[1])
    assert (found.verdict, found.reason) == ("not distinguishable", "no p-value: the seeds do not scatter")


def test_p_values_are_corrected_for_the_number_of_main_scores(tmp_path: Path) -> None:
    rng_values = {"a": [0.1, 0.3, 0.5], "b": [1.0, 1.1, 1.3], "c": [0.2, 0.0, -0.4]}

    def group(name: str, shift: float, **changes: Any) -> list[RunDirectory]:
        return [
            run(
                tmp_path,
                *(row(score=score, value=9 + shift * values[seed]) for score, values in rng_values.items()),
                row(score="figure", value=9 + shift * (1 + 0.1 * seed), headline=False),
                row(score="time", value=9 + shift * rng_values["a"][seed], better="none"),
                name=name,
                seed=seed,
                **changes,
            )
            for seed in range(3)
        ]

    comparison = compare([*group("x", 0), *group("y", 1, device="cpu")], everything=True)
    found = {score.score: difference(score.cells[1]) for score in comparison.scores}
    main = [found[score] for score in rng_values]
    assert [one.p_holm for one in main] == pytest.approx(holm([one.p or 0 for one in main]))
    assert [one.p_holm for one in main] != [one.p for one in main]
    for score in ("figure", "time"):
        assert found[score].p is not None
        assert (found[score].p_holm, found[score].verdict) == (None, "")


def test_too_few_seeds_are_told_with_their_numbers(tmp_path: Path) -> None:
    runs = [run(tmp_path, row()), *seeds(tmp_path, [5, 6, 5.5], first=2, name="y", device="cpu")]
    comparison = compare(runs)
    found = difference(cells(comparison)[1])
    assert found.p is None
    assert found.reason == "no p-value: 1 and 3 seeds, 3 are needed"
    assert found.verdict == "too few seeds"
    reach = 1.959964 * math.hypot(0.3, 0.3)
    assert (found.low, found.high) == pytest.approx((2.5 - reach, 2.5 + reach), rel=1e-6)
    assert any("do not include training scatter" in note for note in comparison.notes)
    assert f"{found.reason} (y)" in comparison.notes


def test_two_groups_at_the_floor_are_not_ranked(tmp_path: Path) -> None:
    runs = [*seeds(tmp_path, [1.0, 1.1, 1.2]), *seeds(tmp_path, [1.31, 1.4, 1.51], name="y", device="cpu")]
    found = difference(cells(compare(runs))[1])
    assert found.p is not None
    assert found.p < 0.001
    assert found.verdict == "at floor"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_an_undefined_value_makes_its_group_undefined(tmp_path: Path, value: float) -> None:
    """The seeds that went well say nothing of one that did not."""
    runs = [*seeds(tmp_path, [3, 4, 5]), *seeds(tmp_path, [1, 1, value], name="y", device="cpu")]
    good, bad = cells(compare(runs))
    assert not math.isfinite(bad.mean)
    assert (bad.sd, bad.n, bad.difference, bad.best) == (None, 3, None, False)
    assert bad.at_floor is None
    assert good.mean == 4
    assert "m/s is undefined in seed 3 (y)" in compare(runs).notes


def test_a_group_without_the_score_of_every_seed_is_not_the_best(tmp_path: Path) -> None:
    runs = [
        *seeds(tmp_path, [3, 4, 5]),
        *seeds(tmp_path, [2, 1], name="y", device="cpu"),
        run(tmp_path, row(score="t"), seed=3, name="y", device="cpu"),
        *seeds(tmp_path, [6, 6, 7], name="z", device="gpu"),
    ]
    comparison = compare(runs)
    assert [cell.best for cell in cells(comparison)] == [True, False, False]
    assert cells(comparison)[1].gap == "missing in seed 3"
    assert "m/s is missing in seed 3 (y)" in comparison.notes


def test_a_score_that_a_group_lacks_is_left_empty(tmp_path: Path) -> None:
    runs = [run(tmp_path, row()), run(tmp_path, row(), row(score="t"), device="cpu")]
    comparison = compare(runs)
    assert [score.score for score in comparison.scores] == ["s", "t"]
    none, there = cells(comparison, "m/t")
    assert none is None
    assert there.difference is None


def test_any_group_may_be_the_baseline(tmp_path: Path) -> None:
    runs = [run(tmp_path, row(value=float(steps)), training={"steps": steps}) for steps in (1, 2, 3)]
    comparison = compare(runs, baseline=[runs[1]])
    assert comparison.baseline == 1
    first, second, third = cells(comparison)
    assert second.difference is None
    assert (first.difference.value, third.difference.value) == (-1.0, 1.0)


def test_a_baseline_is_one_of_the_groups(tmp_path: Path) -> None:
    runs = [run(tmp_path, row(), training={"steps": steps}) for steps in (1, 2, 3)]
    with pytest.raises(ExperimentError, match=f"--baseline: none of the groups .* x {runs[0].record.id}, x"):
        compare(runs[:2], baseline=runs[2:])
    with pytest.raises(ExperimentError, match="--baseline: several of the groups"):
        compare(runs, baseline=runs[:2])


def test_references_are_groups_without_differences(tmp_path: Path) -> None:
    reference = ReferenceScores(name="shuffled_conditions", rows=(row(value=9.0),))
    runs = [
        run(tmp_path, row(), row(score="t"), references=[reference]),
        run(tmp_path, row(), device="cpu", references=[reference]),
    ]
    comparison = compare(runs)
    group = comparison.groups[-1]
    assert (group.label, group.reference, group.seeds) == ("shuffled_conditions", True, ())
    cell = cells(comparison)[-1]
    assert (cell.mean, cell.z, cell.difference, cell.best) == (9.0, 16.0, None, False)
    assert cells(comparison, "m/t")[-1] is None
    assert (comparison.scores[0].floor, comparison.scores[0].floor_sd) == (1.0, 0.5)


def test_floors_that_differ_are_not_shown(tmp_path: Path) -> None:
    runs = [
        run(tmp_path, row(), row(score="t", floor=2.0)),
        run(tmp_path, row(floor=2.0), row(score="t", floor=2.0), device="cpu"),
    ]
    comparison = compare(runs)
    assert [(score.floor, score.floor_sd) for score in comparison.scores] == [(None, None), (2.0, 0.5)]
    assert [cell.z for cell in cells(comparison)] == [4.0, 2.0]
    assert comparison.warnings == ("the floors differ, and are not shown, of m/s; z is over the floor of each run",)


def test_only_what_differs_is_shown_of_the_parameters_unless_everything(tmp_path: Path) -> None:
    a = run(tmp_path, row(), training={"steps": 5}, networks={"g": {"name": "n", "size": 3}}, device="cpu")
    b = run(tmp_path, row(), training={"steps": 5}, networks={"g": {"name": "n", "size": 4}}, seed=2, extra=1)
    changed = {parameter.key: parameter.values for parameter in compare([a, b]).parameters}
    assert changed == {"networks.g.size": (3, 4), "device": ("cpu", None), "extra": (None, 1)}
    every = {parameter.key for parameter in compare([a, b], everything=True).parameters}
    assert every == {*changed, "training.steps", "networks.g.name", "evaluation.metrics.m.name"}


def test_parameters_of_metrics_are_found_by_the_metrics_name(tmp_path: Path) -> None:
    a = run(tmp_path, row(), evaluation={"metrics": [{"name": "m", "bins": 3}]})
    b = run(tmp_path, row(), evaluation={"metrics": [{"name": "other"}, {"name": "m", "bins": 4}]})
    keys = [parameter.key for parameter in compare([a, b]).parameters]
    assert keys == ["evaluation.metrics.m.bins", "evaluation.metrics.other.name"]


def test_other_scores_than_the_main_ones_are_shown_on_demand(tmp_path: Path) -> None:
    one = run(tmp_path, row(), row(score="t", headline=False))
    assert [score.score for score in compare([one]).scores] == ["s"]
    assert [score.score for score in compare([one], everything=True).scores] == ["s", "t"]


def test_other_data_are_refused_unless_forced(tmp_path: Path) -> None:
    runs = [run(tmp_path, row()), run(tmp_path, row(), seed=2, digest="b" * 64)]
    with pytest.raises(ExperimentError, match=r"scored on different test events: digest a{12} in x .*(\n.*)*--force"):
        compare(runs)
    assert "different test events" in compare(runs, force=True).warnings[0]


def test_other_versions_of_a_metric_are_refused_unless_forced(tmp_path: Path) -> None:
    runs = [run(tmp_path, row()), run(tmp_path, row(version=2), seed=2)]
    with pytest.raises(ExperimentError, match=r"metric m is not the same: version 1 in x .*; version 2 in x"):
        compare(runs)
    assert compare(runs, force=True).scores


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"record": {"git": {"revision": "b" * 40}}}, "the code differs: revision a{12} in x .*; revision b{12} in x"),
        ({"record": {"git": {"dirty": True}}, "files": {"git.diff": "+1\n"}}, "the code differs: .* with 1 lines of"),
        ({"record": {"plugins": "0" * 64}}, "the plugin p differs: digest f{12} in x .*; digest 0{12} in x"),
        ({"record": {"device": "GPU"}}, "the device differs: CPU in x .*; GPU in x"),
        ({"training": {"precision": "mixed_float16"}}, "the precision differs: float32 in x .*; mixed_float16 in"),
        ({"events": 7}, "the numbers of generated events differ: 100 in x .*; 7 in x"),
    ],
)
def test_what_limits_a_comparison_is_told_with_the_runs(tmp_path: Path, changes: dict[str, Any], warning: str) -> None:
    def made(seed: int, changes: dict[str, Any]) -> RunDirectory:
        changes = dict(changes)
        given = changes.pop("record", {})
        record = {
            "git": GitRecord(**{"revision": "a" * 40, **given.get("git", {})}),
            "plugins": (PluginRecord("p", "p.py", given.get("plugins", "f" * 64)),),
            "device": DeviceRecord("cpu", given.get("device", "CPU")),
        }
        return run(tmp_path, row(events=changes.pop("events", 100)), seed=seed, record=record, **changes)

    assert compare([made(1, {}), made(2, {})]).warnings == ()
    (found,) = compare([made(3, {}), made(4, changes)]).warnings
    assert re.search(warning, found), found


def test_files_that_git_does_not_know_are_no_difference_of_the_code(tmp_path: Path) -> None:
    record = {"git": GitRecord("a" * 40, dirty=True)}
    runs = [
        run(tmp_path, row(), seed=seed, record=record, files={"git.diff": f"{note}+1\n"})
        for seed, note in enumerate(["", "# not in the repository: notes.txt\n"])
    ]
    assert compare(runs).warnings == ()


def test_groups_are_sorted_by_a_score_or_a_parameter(tmp_path: Path) -> None:
    runs = [
        run(tmp_path, row(value=value, better="higher"), training={"steps": steps}, name=name)
        for name, value, steps in (("a", 2.0, 30), ("b", 3.0, 20), ("c", 1.0, 100))
    ]
    for key, order in {"m/s": "bac", "training.steps": "bac", "name": "abc"}.items():
        comparison = compare(runs, sort=key)
        assert "".join(group.label for group in comparison.groups) == order
        assert comparison.groups[comparison.baseline].label == "a"
        assert [cell.mean for cell in cells(comparison)] == [{"a": 2, "b": 3, "c": 1}[name] for name in order]
    with pytest.raises(ExperimentError, match=r"training.stps: no run has this key; did you mean training.steps"):
        compare(runs, sort="training.stps")


def test_a_run_without_scores_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match=r"no scores .*runner evaluate"):
        compare([run(tmp_path)])
