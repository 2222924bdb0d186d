"""Freezes parts of a model at the beginning of a training."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from deepface_models.callbacks._steps import StepCallback, inner_optimizer
from deepface_models.callbacks.budget import TimeBudget
from deepface_models.core.whole import whole_numbers

_LOG = logging.getLogger(__name__)


class FreezeParts(StepCallback):
    """Freezes parts for the first fraction of a training, then lets them learn.

    It is meant for models with pretrained parts: new parts learn first, before the
    pretrained ones change. The optimizer keeps the parts unchanged
    (`optimizers.with_lr_multipliers`), so nothing is compiled again when they are
    unfrozen. Their gradients are computed all the time; for a part that never learns,
    `model.freeze` saves that time. A resumed training freezes what it should at that
    point.

    Args:
        shares: For each part, the fraction of the training, from 0 to 1.
        steps: Optimizer steps of the whole training, if their number is known.
        budget: The training's `TimeBudget`, if its duration is known. With both, the
            one that is nearer to its end counts.

    Raises:
        ValueError: A fraction is out of range, or neither `steps` nor `budget` is
            given. When training begins: the optimizer has no multipliers for the
            parts.

    Example:
        >>> multipliers = {"encoder": 0.1}
        >>> optimizer = optimizers.with_lr_multipliers(Adam(1e-3), model, multipliers)
        >>> model.compile(optimizer)
        >>> frozen = FreezeParts({"encoder": 0.2}, steps=10_000)
        >>> model.fit(pairs, epochs=100, callbacks=[frozen])  # doctest: +SKIP
    """

    @whole_numbers(steps=0)
    def __init__(
        self,
        shares: Mapping[str, float],
        steps: int | None = None,
        budget: TimeBudget | None = None,
    ) -> None:
        super().__init__()
        wrong = {name: s for name, s in shares.items() if not 0.0 <= s <= 1.0}
        if wrong:
            raise ValueError(
                f"shares={wrong} was given. Expected fractions of the training, from "
                "0 to 1. Use 0.2 for the first fifth."
            )
        if budget is None and not steps:
            raise ValueError(
                f"steps={steps} and no budget were given. Expected the length of the "
                "training. Use steps=epochs * len(pairs)."
            )
        self.shares = dict(shares)
        self.steps = steps
        self.budget = budget
        self._held: dict[str, bool] = {}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Checks that the optimizer can freeze the parts."""
        self._held = {}
        multipliers = getattr(inner_optimizer(self.model), "lr_multipliers", {})
        missing = [name for name in self.shares if name not in multipliers]
        if missing:
            raise ValueError(
                "An optimizer without learning-rate multipliers for "
                f"{', '.join(map(repr, missing))} was given. Expected one for each "
                "frozen part. Compile with "
                "optimizers.with_lr_multipliers(optimizer, model, {part: 1.0})."
            )

    def at_step(self, step: int) -> None:
        """Freezes and unfreezes parts as far as the training has come."""
        done = self._done(step)
        for name, share in self.shares.items():
            frozen = done < share
            if self._held.get(name) is not frozen:
                inner_optimizer(self.model).hold(name, frozen)
                self._held[name] = frozen
                state = "is frozen" if frozen else "learns"
                _LOG.info("Step %d: %s %s.", step, name, state)

    def _done(self, step: int) -> float:
        by_steps = step / self.steps if self.steps else 0.0
        if self.budget is None:
            return by_steps
        return max(by_steps, self.budget.used / (60.0 * self.budget.minutes))
