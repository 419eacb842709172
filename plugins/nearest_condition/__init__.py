"""Responses of known events: what a model has to beat, and what metrics have to see through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from runner.api import (
    Architecture,
    DataError,
    DataInfo,
    Field,
    Params,
    Reference,
    Role,
    Sample,
    Signature,
    Strategy,
    hookimpl,
)

if TYPE_CHECKING:
    import keras


class NearestCondition(Reference):
    """The response of the training event with the nearest conditions.

    Nearest in the Euclidean distance of conditions standardised with the training events; of several near ones, that
    which has answered least often. Without conditions, the responses of random training events. Where training
    events are near in all conditions, no comparison of distributions tells it from the simulation; a search for copies
    does.
    """

    name = "nearest_condition"

    def respond(self, params: Params, training: Sample, real: Sample, rng: np.random.Generator) -> NDArray[np.float32]:
        """Responses of training events, copied."""
        from plugins.nearest_condition.lookup import nearest_rows

        if not real.info.conditions:
            rows = np.resize(rng.permutation(len(training)), len(real))
        else:
            rows = nearest_rows(training.conditions, real.conditions)
        return training.take(rows).loaded().responses


class ShuffledConditions(Reference):
    """The real responses, each at the conditions of another event.

    Any comparison that does not look at the conditions finds them perfect.
    """

    name = "shuffled_conditions"
    conditional = True

    def respond(self, params: Params, training: Sample, real: Sample, rng: np.random.Generator) -> NDArray[np.float32]:
        """Each event's response becomes that of the next one on a random circle of all events.

        Raises:
            DataError: Where there is no other event.
        """
        if len(real) < 2:
            raise DataError(f"conditions of {len(real)} events cannot be shuffled: give more events to the test")
        circle = rng.permutation(len(real))
        following = np.empty_like(circle)
        following[circle] = np.roll(circle, -1)
        return real.responses[following]


class TableParams(Params):
    """Parameters of `nearest_condition_table`."""

    events: int = Field(10_000, ge=1, le=10_000_000, description="rows; as many as there are training events, or more")


class NearestConditionTable(Architecture):
    """Table of conditions and responses, of which the row with the nearest conditions is looked up.

    Conditions are standardised with the rows that are filled. Without conditions the latent number, drawn uniformly
    from [0, 1), chooses a row. Its weights are the rows, in network units; nothing of it is trained by gradients.
    """

    name = "nearest_condition_table"
    role = "generator"
    Params = TableParams

    def signature(self, params: TableParams, data: DataInfo) -> Signature:
        """A latent number, and conditions where there are any, to a response."""
        inputs: dict[str, tuple[int, ...]] = {"latent": (1,)}
        if data.conditions:
            inputs["conditions"] = (len(data.conditions),)
        return Signature(inputs=inputs, output=data.shape)

    def build(self, params: TableParams, data: DataInfo) -> keras.Model:
        """A network of one layer, the empty table."""
        from plugins.nearest_condition import table

        return table.build(params.events, self.signature(params, data))


class NearestConditionStrategy(Strategy):
    """Fills a table with the training events, batch after batch; beyond its last row it begins again.

    A model without any physics, to be trained, saved, judged and compared like the others. Loss: empty, the share of
    rows that are not filled yet.
    """

    name = "nearest_condition"
    roles = {"generator": Role(inputs=("latent",), output="responses", descends=False)}
    slots = {}

    def build(
        self,
        params: Params,
        networks: Mapping[str, keras.Model],
        losses: Mapping[str, Callable[..., Any]],
        optimizers: Mapping[str, keras.optimizers.Optimizer],
        data: DataInfo,
    ) -> keras.Model:
        """The table and how it is filled.

        Raises:
            DataError: Where the generator is no table.
        """
        from plugins.nearest_condition.strategy import NearestConditionModel

        return NearestConditionModel(networks["generator"], data)


@hookimpl
def runner_references() -> Iterable[Reference]:
    """The references of this plugin."""
    return [NearestCondition(), ShuffledConditions()]


@hookimpl
def runner_architectures() -> Iterable[Architecture]:
    """The architecture of this plugin."""
    return [NearestConditionTable()]


@hookimpl
def runner_strategies() -> Iterable[Strategy]:
    """The strategy of this plugin."""
    return [NearestConditionStrategy()]
