"""How fast `runner` trains, against the same networks in a plain eager loop and in one compiled call per step.

    python benchmarks/training.py [--rounds N] [--pair physgan|fastsim|all] [--torch PYTHON]

Two pairs of networks: PhysGAN's unconditional one (batch 128, one critic step), where arithmetic rules, and the paper's
pair of TPC-FastSim (batch 32, eight critic steps), where overhead does. In one process, in turn:

(a) eager: the loop written the way PhysGAN's was, a function call per operation;
(b) one compiled call per training step;
(c) the runner's own loop, blocks of steps in one compiled call.

In processes of their own, because threads and kernels are chosen once for a process, and in turn with these:

(a') eager with TensorFlow's own threads and kernels, as a plain script has them;
(d) the same networks in PyTorch, eager, by the interpreter that --torch names;
(c) alone, and two of them side by side.

All do the same work: networks, losses, penalty, optimizers and batch sizes are the same. The arithmetic of a step is
counted by TensorFlow from the operations of (b) that have an effect, and set beside the rate of large matrix products
on all cores. Prints a Markdown report.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
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
EAGER_STEPS = {"physgan": 10, "fastsim": 2}
CORES = len(os.sched_getaffinity(0))
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


def prepared(pair: str, *settings: str) -> Prepared:
    """Data and newly made networks of a pair."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{pair}.yaml"
        file.write_text(EXPERIMENTS[pair])
        return prepare(make_plan(config.read(file, settings), plugin_files=[HERE / "fastsim_networks.py"]))


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
    """Floating-point operations of one training step that have an effect [GFLOP]."""
    import tensorflow as tf
    from tensorflow.python.framework.ops import get_stats_for_node_def  # not public; what the profiler counts with
    from tensorflow.python.profiler.internal import flops_registry  # noqa: F401  what it counts

    batches = [next(plain.batches) for _ in range(plain.critic_steps)]
    graph = plain.compiled.get_concrete_function(batches).graph
    ends = [*graph.outputs, *graph.control_outputs]
    names = sorted({getattr(end, "op", end).name for end in ends})
    needed = tf.compat.v1.graph_util.extract_sub_graph(graph.as_graph_def(), names).node
    counts = (get_stats_for_node_def(graph, node, "flops").value for node in needed)
    return sum(count or 0 for count in counts) / 1e9


def product_rate() -> float:
    """Rate of large matrix products, one on each core [GFLOP/s]."""
    import tensorflow as tf

    matrices = tf.random.normal((CORES, 2048, 2048))

    @tf.function
    def products() -> Any:
        return [tf.reduce_sum(tf.matmul(a, a)) for a in tf.unstack(matrices)]

    products()
    best = min(seconds(lambda: [total.numpy() for total in products()]) for _ in range(8))
    return CORES * 2 * 2048**3 / best / 1e9


def seconds(action: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


class Loops:
    """The loops of one process; each takes how many steps to do.

    Args:
        pair: Which networks.
        settings: Further settings of the experiment.
    """

    def __init__(self, pair: str, *settings: str) -> None:
        made, other = prepared(pair, *settings), prepared(pair, *settings)
        batch_size, critic_steps, rate = {"physgan": (128, 1, 3e-4), "fastsim": (32, 8, 1e-4)}[pair]
        self.plain = Plain(other, batch_size, critic_steps, rate)
        self._trainer = Trainer(made.built, made.splits.train, made.transform, batch_size=batch_size, seed=0)

    def eager(self, steps: int) -> None:
        """(a)."""
        for _ in range(steps):
            self.plain.step(self.plain.update)

    def compiled(self, steps: int) -> None:
        """(b)."""
        for _ in range(steps):
            self.plain.step(self.plain.compiled)

    def runner(self, steps: int) -> None:
        """(c)."""
        self._trainer.compute(steps)
        self._trainer.step += steps


def elsewhere(command: list[str], count: int = 1, **environment: str) -> float:
    """Seconds per step that processes print which do the same at once; the largest."""
    variables = {**os.environ, **environment}
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=variables) for _ in range(count)]
    return max(float(process.communicate()[0].split()[-1]) for process in started)


def measure(pair: str, rounds: int, torch: str) -> None:
    """Seconds per training step of each loop, one value for each round."""
    loops = Loops(pair)
    eager_steps = EAGER_STEPS[pair]
    here = {"eager": (loops.eager, eager_steps), "compiled": (loops.compiled, BLOCK), "runner": (loops.runner, BLOCK)}
    this = [sys.executable, __file__, "--pair", pair]
    own = {
        "eager, TensorFlow's own settings": lambda: elsewhere([*this, "--only", "eager"], TF_ENABLE_ONEDNN_OPTS="0"),
        "runner alone": lambda: elsewhere([*this, "--only", "runner"]),
        "two at once": lambda: elsewhere([*this, "--only", "runner"], 2),
        "two at once, `threads: 1`": lambda: elsewhere([*this, "--only", "runner", "--threads", "1"], 2),
    }
    if torch:
        own["PyTorch, eager"] = lambda: elsewhere([torch, str(HERE / "training_torch.py"), pair])
    for loop, steps in here.values():
        loop(steps)  # traces, and fills caches
    times: dict[str, list[float]] = {name: [] for name in [*here, *own]}
    for _ in range(rounds):
        for name, (loop, steps) in here.items():
            times[name].append(seconds(lambda loop=loop, steps=steps: loop(steps)) / steps)
        for name, process in own.items():
            times[name].append(process())
    report(pair, times, operations(loops.plain), product_rate())


def alone(pair: str, loop: str, threads: int | None) -> None:
    """Prints the seconds per step of one loop in this process."""
    own = [f"threads_per_operation={CORES}"] if loop == "eager" else []
    made = Loops(pair, *own, *([f"threads={threads}"] if threads else []))
    steps = EAGER_STEPS[pair] if loop == "eager" else BLOCK
    run = getattr(made, loop)
    run(steps)
    print(statistics.median(seconds(lambda: run(steps)) for _ in range(3)) / steps)


def report(pair: str, times: dict[str, list[float]], gflop: float, rate: float) -> None:
    """Markdown of one pair."""
    print(f"\n## {pair}\n")
    print(
        "| loop | median [ms per step] | smallest | largest | eager / this | this / runner |\n|---|---|---|---|---|---|"
    )
    for name, values in times.items():
        ratios = [e / v for e, v in zip(times["eager"], values, strict=True)]
        ours = statistics.median(v / r for v, r in zip(values, times["runner"], strict=True))
        print(
            f"| {name} | {1e3 * statistics.median(values):.1f} | {1e3 * min(values):.1f} | {1e3 * max(values):.1f} "
            f"| {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f}) | {ours:.2f} |"
        )
    ratio = statistics.median(e / r for e, r in zip(times["eager"], times["runner"], strict=True))
    floor = 1e3 * gflop / rate
    ours = 1e3 * statistics.median(times["runner"])
    print(f"\nTarget for eager / runner: {TARGETS[pair]}; found {ratio:.1f}.")
    print(
        f"Arithmetic of a step: {gflop:.2f} GFLOP, {floor:.1f} ms at the {rate:.0f} GFLOP/s of large matrix "
        f"products on {CORES} cores; the runner needs {ours / floor:.1f} times that."
    )


def main() -> None:
    """Measures and prints the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pair", choices=[*EXPERIMENTS, "all"], default="all")
    parser.add_argument("--torch", default="", help="a Python interpreter that has PyTorch")
    parser.add_argument("--only", choices=["eager", "runner"], help="print the seconds per step of one loop")
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    if options.only:
        alone(options.pair, options.only, options.threads)
        return
    import tensorflow as tf

    print("# Training\n")
    print(
        f"{CORES} CPU cores, Python {platform.python_version()}, TensorFlow {tf.__version__}, "
        f"Keras {keras.__version__}, {options.rounds} rounds in turn."
    )
    for pair in EXPERIMENTS if options.pair == "all" else [options.pair]:
        measure(pair, options.rounds, options.torch)


if __name__ == "__main__":
    main()
