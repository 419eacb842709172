"""Every metric on real MPD responses: real ones are at the floor, each reference is caught by what is there for it."""

from pathlib import Path

import pytest

from runner import config, evaluation, provenance
from runner.evaluation import Available, Evaluation, ScoreCache, Yardstick
from runner.launch.loading import load
from runner.launch.scoring import halves_of
from runner.plan import make_plan
from runner.plugin_manager import load_plugins
from runner.run_directory import ScoreRow

pytestmark = [pytest.mark.data, pytest.mark.xdist_group("judging")]

LOOKS_AT_CONDITIONS = {
    *("classifier_test", "correlations", "fastsim_chi2", "frechet"),
    *("kernel_distance", "profiles", "wasserstein"),
}
NOT_JUDGED_HERE = {"physgan_cluster_shape"}  # mixes training and test events, as PhysGAN did
SPLIT = "split={train: 0.4, validation: 0.2, test: 0.4}"  # as many for the test as can be
SMALLER = {"classifier_test": "{name: classifier_test, repeats: 1, trees: 40}"}
SEEN = 3.0


@pytest.fixture(scope="module")
def judged(root: Path, mpd_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """Validation events, which are in no halving of the test events, judged as if a model had made them."""
    metrics = (entry.component for entry in load_plugins().registry.all("metric"))
    names = [
        SMALLER.get(metric.name, metric.name)
        for metric in metrics
        if evaluation.has_floor(metric) and metric.name not in NOT_JUDGED_HERE
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNNER_DATA", str(mpd_data))
        overrides = [f"evaluation.metrics=[{', '.join(names)}]", "training.keep_best=null", SPLIT]
        plan = make_plan(config.read(root / "experiments" / "physgan" / "conditional.yaml", overrides))
        sample = load(plan)
    splits = evaluation.split(sample, plan.experiment.split, plan.experiment.data_seed)
    events = len(splits.validation)
    compared = evaluation.real_events(splits.test, 2 * events, plan.experiment.data_seed)
    yardstick = Yardstick(
        halves=halves_of(plan, compared),
        halvings=plan.experiment.evaluation.halvings,
        seed=plan.experiment.data_seed,
        available=Available(splits.train, sample),
        data_digest=provenance.digest_sample(compared),
        code=evaluation.plugin_code(plan),
        cache=ScoreCache(tmp_path_factory.mktemp("cache")),
    )
    return evaluation.judge(plan, yardstick, splits.validation.loaded(), step=0)


def by_metric(rows: tuple[ScoreRow, ...]) -> dict[str, float]:
    """z of the main scores; how far off the floor, of whatever sign."""
    found = {}
    for row in rows:
        if row.headline:
            assert row.z is not None, row
            found[row.metric] = abs(row.z)
    return found


def test_real_responses_are_at_the_floor_in_every_metric(judged: Evaluation) -> None:
    z = by_metric(judged.scores.rows)
    assert len(z) == 13  # all but those of the model itself and of the whole data set
    assert {name: value for name, value in z.items() if value >= SEEN} == {}


def test_shuffled_conditions_are_seen_by_what_looks_at_conditions_and_by_nothing_else(judged: Evaluation) -> None:
    (reference,) = (found for found in judged.scores.references if found.name == "shuffled_conditions")
    z = by_metric(reference.rows)
    assert {name for name, value in z.items() if value >= SEEN} == LOOKS_AT_CONDITIONS
    assert min(z[name] for name in LOOKS_AT_CONDITIONS) > 5


def test_copies_of_training_events_are_seen_by_memorisation_alone(judged: Evaluation) -> None:
    (reference,) = (found for found in judged.scores.references if found.name == "nearest_condition")
    z = by_metric(reference.rows)
    assert {name for name, value in z.items() if value >= SEEN} == {"memorisation"}
