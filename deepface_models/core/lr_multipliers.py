"""Factors on an optimizer's learning rate for groups of variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops


class LearningRateMultipliers(keras.optimizers.Optimizer):
    """Mixin that multiplies an optimizer's learning rate by a factor for each group.

    Factors on the loss or the gradients have no effect with optimizers such as Adam,
    which divide by the gradient's size. Groups can be frozen and unfrozen during
    training, without compiling again and without losing the moving averages.

    Args:
        lr_multipliers: The factor on the learning rate for each group of variables.
        *args: Arguments of the optimizer.
        **kwargs: Arguments of the optimizer.
    """

    def __init__(
        self,
        *args: Any,
        lr_multipliers: Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lr_multipliers = _checked(lr_multipliers or {})
        self._factors: dict[str, float] = dict(self.lr_multipliers)
        self._learns = {
            name: self.add_variable((), "ones", dtype="float32", name=f"learns_{name}")
            for name in self.lr_multipliers
        }
        self._members: tuple[tuple[str, ...], ...] = ()

    @property
    def held(self) -> tuple[str, ...]:
        """The groups of `lr_multipliers` that are frozen."""
        states = {n: ops.convert_to_numpy(v) for n, v in self._learns.items()}
        return tuple(name for name, state in states.items() if not np.any(state))

    def hold(self, name: str, still: bool = True) -> None:
        """Freezes or unfreezes a group of `lr_multipliers`, even during training.

        The optimizer's moving averages are still updated.

        Args:
            name: The group.
            still: False to unfreeze it.

        Raises:
            ValueError: There is no such group.
        """
        if name not in self._learns:
            known = ", ".join(map(repr, self.lr_multipliers)) or "no groups"
            raise ValueError(
                f"The group {name!r} was given to freeze. Expected one of the "
                f"optimizer's: {known}. Make it with "
                f"lr_multipliers={{{name!r}: 1.0}}."
            )
        self._learns[name].assign(0.0 if still else 1.0)

    def build(self, variables: list[Any]) -> None:
        """Records which variables belong to which groups."""
        if self.built:
            return
        super().build(variables)
        self._members = tuple(groups_of(variable) for variable in variables)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Updates one variable with its group's learning rate."""
        if self._factors:
            for name in self._members[self._get_variable_index(variable)]:
                learning_rate = learning_rate * self._factors.get(name, 1.0)
                if name in self._learns:
                    learns = ops.convert_to_tensor(self._learns[name])
                    learning_rate = learning_rate * learns
        super().update_step(gradient, variable, learning_rate)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {**super().get_config(), "lr_multipliers": dict(self.lr_multipliers)}


def mark_group(variables: Iterable[Any], name: str) -> None:
    """Adds variables to a group; call it before the optimizer is built."""
    for variable in variables:
        variable.rate_groups = tuple(dict.fromkeys((*groups_of(variable), name)))


def groups_of(variable: Any) -> tuple[str, ...]:
    """Returns the groups that a variable was added to."""
    return getattr(variable, "rate_groups", ())


def _checked(lr_multipliers: Mapping[str, float]) -> dict[str, float]:
    wrong = {name: factor for name, factor in lr_multipliers.items() if not factor > 0}
    if wrong:
        raise ValueError(
            f"lr_multipliers={wrong} was given. Expected numbers above 0: 0.1 makes a "
            "part learn ten times slower. Use "
            f"model.freeze({next(iter(wrong))!r}) to freeze a part."
        )
    return {name: float(factor) for name, factor in lr_multipliers.items()}
