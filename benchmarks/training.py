"""How fast `runner` trains, against the same networks in a plain eager loop and in one compiled call per step.

    python benchmarks/training.py [--rounds N] [--pair physgan|fastsim|all]

Two pairs of networks: PhysGAN's unconditional one (batch 128, one critic step), where arithmetic rules, and the paper's
pair of TPC-FastSim (batch 32, eight critic steps), where overhead does. In one process, in turn:

(a) eager: the loop written the way PhysGAN's was, a function call per operation;
(b) one compiled call per training step;
(c) the runner's own loop, blocks of steps in one compiled call.

All three do the same work: networks, losses, penalty, optimizers and batch sizes are the same. The arithmetic of a step
is counted by TensorFlow from the graph of (b), and set beside the rate of a large matrix product.
Prints a Markdown report.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from runner import config
from runner.backend import keras
from runner.backend.training import Trainer
from runner.launch.preparing import Prepared, prepare
from runner.plan import make_plan

BLOCK = 50
TARGETS = {"physgan": 12, "fastsim": 25}
HERE = Path(__file__).resolve().parent

EXPERIMENTS = {
    "physgan": """
name: physgan
dataset: {name: tpc_simulation, events: 10000}
transform: log_amplitude
networks: {generator: physgan_unparameterized, critic: physgan_discriminator}
strategy: {name: adversarial, critic_steps: 1}
losses: {adversarial: wasserstein, penalty: gradient_penalty}
optimizers: {generator: {name: rmsprop, learning_rate: 3.0e-4}, critic: {name: rmsprop, learning_rate: 3.0e-4}}
training: {steps: 1000, batch_size: 128}
""",
    "fastsim": """
name: fastsim
dataset: {name: tpc_simulation, events: 10000, pads: 8, times: 16, crossing_angle: [-20.0, 20.0],
          dip_angle: [-60.0, 60.0], drift_length: [10.0, 160.0], pad_coordinate: [41.2, 45.2]}
transform: {name: log_amplitude, conditions: scaled}
networks: {generator: fastsim_generator, critic: fastsim_critic}
strategy: {name: adversarial, critic_steps: 8}
losses: {adversarial: wasserstein, penalty: gradient_penalty}
optimizers: {generator: {name: rmsprop, learning_rate: 1.0e-4}, critic: {name: rmsprop, learning_rate: 1.0e-4}}
training: {steps: 1000, batch_size: 32}
""",
}


def prepared(pair: str) -> Prepared:
    """Data and newly made networks of a pair."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{pair}.yaml"
        file.write_text(EXPERIMENTS[pair])
        return prepare(make_plan(config.read(file), plugin_files=[HERE / "fastsim_networks.py"]))


class Plain:
    """The training step of a plain script, as one finds it in tutorials.

    Args:
        made: Data and networks.
        batch_size: Events per batch.
        critic_steps: Critic steps before each generator step.
        rate: Learning rate of both RMSprop optimizers.
    """

    def __init__(self, made: Prepared, batch_size: int, critic_steps: int, rate: float) -> None:
        import tensorflow as tf

        self.generator, self.critic = made.built.networks["generator"], made.built.networks["critic"]
        self.critic_steps = critic_steps
        self.optimizers = {name: keras.optimizers.RMSprop(rate) for name in ("generator", "critic")}
        for name, network in (("generator", self.generator), ("critic", self.critic)):
            self.optimizers[name].build(network.trainable_variables)
        sample, transform = made.splits.train, made.transform
        arrays = (
            np.asarray(transform.forward(sample.responses), np.float32),
            np.asarray(transform.forward_conditions(sample.conditions), np.float32),
        )
        self.conditional = arrays[1].shape[1] > 0
        data = tf.data.Dataset.from_tensor_slices(arrays).shuffle(len(sample)).repeat()
        self.batches = iter(data.batch(batch_size, drop_remainder=True).prefetch(2))
        self.compiled = tf.function(self.update, autograph=False)

    def step(self, update: Callable[[list[Any]], Any]) -> Any:
        """One training step, on batches of its own."""
        return update([next(self.batches) for _ in range(self.critic_steps)])

    def generate(self, conditions: Any) -> Any:
        """Responses of new random numbers."""
        import tensorflow as tf

        noise = tf.random.normal((conditions.shape[0], self.generator.input["latent"].shape[1]))
        told = {"conditions": conditions} if self.conditional else {}
        return self.generator({"latent": noise, **told}, training=False)

    def score(self, responses: Any, conditions: Any) -> Any:
        """The critic's scores."""
        told = {"conditions": conditions} if self.conditional else {}
        return self.critic({"responses": responses, **told}, training=False)

    def update(self, batches: list[Any]) -> Any:
        """Critic steps, then a generator step."""
        import tensorflow as tf

        for real, conditions in batches:
            with tf.GradientTape() as tape:
                fake = self.generate(conditions)
                loss = tf.reduce_mean(self.score(fake, conditions)) - tf.reduce_mean(self.score(real, conditions))
                u = tf.random.uniform((real.shape[0], 1, 1))
                mixed = u * real + (1 - u) * fake
                with tf.GradientTape() as inner:
                    inner.watch(mixed)
                    scores = self.score(mixed, conditions)
                gradient = inner.gradient(scores, mixed)
                norm = tf.sqrt(tf.reduce_sum(tf.square(gradient), axis=(1, 2)))
                loss += 10 * tf.reduce_mean(tf.square(norm - 1))
            variables = self.critic.trainable_variables
            self.optimizers["critic"].apply(tape.gradient(loss, variables), variables)
        with tf.GradientTape() as tape:
            generator_loss = -tf.reduce_mean(self.score(self.generate(conditions), conditions))
        variables = self.generator.trainable_variables
        self.optimizers["generator"].apply(tape.gradient(generator_loss, variables), variables)
        return loss, generator_loss


def operations(plain: Plain) -> float:
    """Floating-point operations of one training step, counted in its graph [GFLOP]."""
    import tensorflow as tf

    batches = [next(plain.batches) for _ in range(plain.critic_steps)]
    graph = plain.compiled.get_concrete_function(batches).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    return float(tf.compat.v1.profiler.profile(graph, options=options).total_float_ops) / 1e9


def product_rate() -> float:
    """Rate of a large matrix product [GFLOP/s]."""
    import tensorflow as tf

    a = tf.random.normal((2048, 2048))
    best = min(seconds(lambda: tf.matmul(a, a).numpy()) for _ in range(8))
    return 2 * 2048**3 / best / 1e9


def seconds(action: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def measure(pair: str, rounds: int, eager_steps: int) -> dict[str, list[float]]:
    """Seconds per training step of each loop, one value for each round."""
    made = prepared(pair)
    batch_size, critic_steps, rate = {"physgan": (128, 1, 3e-4), "fastsim": (32, 8, 1e-4)}[pair]
    plain = Plain(prepared(pair), batch_size, critic_steps, rate)
    trainer = Trainer(made.built, made.splits.train, made.transform, batch_size=batch_size, seed=0)

    def runner_block() -> None:
        trainer.run(
            steps=trainer.step + BLOCK,
            block=BLOCK,
            checkpoint_every=10**9,
            on_block=lambda *_: None,
            on_checkpoint=lambda step: None,
            should_stop=lambda: False,
        )

    loops: dict[str, tuple[Callable[[], object], int]] = {
        "eager": (lambda: [plain.step(plain.update) for _ in range(eager_steps)], eager_steps),
        "compiled": (lambda: [plain.step(plain.compiled) for _ in range(BLOCK)], BLOCK),
        "runner": (runner_block, BLOCK),
    }
    for action, _ in loops.values():
        action()  # traces, and fills caches
    times: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(rounds):
        for name, (action, steps) in loops.items():
            times[name].append(seconds(action) / steps)
    report(pair, times, operations(plain), product_rate())
    return times


def report(pair: str, times: dict[str, list[float]], gflop: float, rate: float) -> None:
    """Markdown of one pair."""
    print(f"\n## {pair}\n")
    print("| loop | median [ms per step] | smallest | largest | eager / this |\n|---|---|---|---|---|")
    for name, values in times.items():
        ratios = [e / v for e, v in zip(times["eager"], values, strict=True)]
        print(
            f"| {name} | {1e3 * statistics.median(values):.1f} | {1e3 * min(values):.1f} | {1e3 * max(values):.1f} "
            f"| {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f}) |"
        )
    ratio = statistics.median(e / r for e, r in zip(times["eager"], times["runner"], strict=True))
    floor = 1e3 * gflop / rate
    ours = 1e3 * statistics.median(times["runner"])
    print(f"\nTarget for eager / runner: {TARGETS[pair]}; found {ratio:.1f}.")
    print(
        f"Arithmetic of a step: {gflop:.2f} GFLOP, {floor:.1f} ms at the {rate:.0f} GFLOP/s of a large matrix product; "
        f"the runner needs {ours / floor:.1f} times that."
    )


def main() -> None:
    """Measures and prints the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--pair", choices=[*EXPERIMENTS, "all"], default="all")
    parser.add_argument("--eager-steps", type=int, default=10)
    options = parser.parse_args()
    import tensorflow as tf

    print("# Training\n")
    print(
        f"{len(os.sched_getaffinity(0))} CPU cores, Python {platform.python_version()}, TensorFlow {tf.__version__}, "
        f"Keras {keras.__version__}, {options.rounds} rounds in turn, all in one process."
    )
    for pair in EXPERIMENTS if options.pair == "all" else [options.pair]:
        measure(pair, options.rounds, options.eager_steps)


if __name__ == "__main__":
    main()
