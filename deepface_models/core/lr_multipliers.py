"""Learning rates of single parts, beside the one that an optimizer has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops


class LearningRateMultipliers(keras.optimizers.Optimizer):
    """Gives the optimizer beside it `rates`: of the learning rate, by marked group.

    Optimizers that divide by the gradient's size would not notice a factor on the
    loss, nor would they on gradients. A group can also be held still and let go: the
    compiled step and the optimizer's means stay as they are, so that neither has to
    be made anew, on any backend.
    """

    def __init__(
        self, *args: Any, rates: Mapping[str, float] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rates = _checked(rates or {})
        self._factors: dict[str, float] = dict(self.rates)
        self._learns = {
            name: self.add_variable((), "ones", dtype="float32", name=f"learns_{name}")
            for name in self.rates
        }
        self._members: tuple[tuple[str, ...], ...] = ()

    @property
    def held(self) -> tuple[str, ...]:
        """The groups of `rates` that are held still."""
        states = {n: ops.convert_to_numpy(v) for n, v in self._learns.items()}
        return tuple(name for name, state in states.items() if not np.any(state))

    def hold(self, name: str, still: bool = True) -> None:
        """Holds a group of `rates` still, or lets it go; also while training.

        Means of gradients move on meanwhile, and so does weight decay.
        """
        if name not in self._learns:
            raise ValueError(
                f"{name!r} was to be held still, and the optimizer has rates of "
                f"{', '.join(map(repr, self.rates)) or 'no parts'}. Expected one of "
                f"them. Make it with rates={{{name!r}: 1.0}}."
            )
        self._learns[name].assign(0.0 if still else 1.0)

    def build(self, variables: list[Any]) -> None:
        """Notes which weights belong to which groups."""
        if self.built:
            return
        super().build(variables)
        self._members = tuple(groups_of(variable) for variable in variables)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Updates one variable by its own rate."""
        if self._factors:
            for name in self._members[self._get_variable_index(variable)]:
                learning_rate = learning_rate * self._factors.get(name, 1.0)
                if name in self._learns:
                    learns = ops.convert_to_tensor(self._learns[name])
                    learning_rate = learning_rate * learns
        super().update_step(gradient, variable, learning_rate)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {**super().get_config(), "rates": dict(self.rates)}


def mark_group(variables: Iterable[Any], name: str) -> None:
    """Enters variables in a group of `rates`; before the optimizer is built."""
    for variable in variables:
        variable.rate_groups = tuple(dict.fromkeys((*groups_of(variable), name)))


def groups_of(variable: Any) -> tuple[str, ...]:
    """Returns the groups that a variable was entered in."""
    return getattr(variable, "rate_groups", ())


def _checked(rates: Mapping[str, float]) -> dict[str, float]:
    wrong = {name: rate for name, rate in rates.items() if not rate > 0}
    if wrong:
        raise ValueError(
            f"rates={wrong} were given. Expected numbers above 0: 0.1 makes a part "
            "learn ten times slower. To have it stand, freeze it: "
            f"model.freeze({next(iter(wrong))!r})."
        )
    return {name: float(rate) for name, rate in rates.items()}
