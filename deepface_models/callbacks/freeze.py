"""Parts that stand still at the beginning of a training."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from deepface_models.callbacks._steps import StepCallback, inner_optimizer
from deepface_models.callbacks.budget import TimeBudget
from deepface_models.core.whole import whole_numbers

_LOG = logging.getLogger(__name__)


class FreezeParts(StepCallback):
    """Keeps parts as they are for the first share of a training, then lets them learn.

    For a model that starts from another's parts: what is new to it finds its place
    before what it builds on begins to move. The optimizer holds the parts still
    (`optimizers.with_lr_multipliers`), so nothing is compiled anew when they are let
    go. Their
    gradients are computed all along; `model.freeze` saves them that time where a part
    never learns. What holds follows from how far the training is, also after an
    interruption.

    Args:
        shares: For each part, the share of the training, from 0 to 1.
        steps: Steps of the optimizer in the whole training, if it ends by them.
        budget: The training's `TimeBudget`, if it ends by the clock; with both, what
            is nearer to its end counts.

    Raises:
        ValueError: A share is out of range, or there is no end to take a share of;
            on training begin, the optimizer has no rates of these parts.

    Example:
        >>> multipliers = {"encoder": 0.1}
        >>> optimizer = optimizers.with_lr_multipliers(Adam(1e-3), model, multipliers)
        >>> model.compile(optimizer)
        >>> frozen = FreezeParts({"encoder": 0.2}, steps=10_000)
        >>> model.fit(pairs, epochs=100, callbacks=[frozen])
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
                f"Parts were to be frozen for {wrong} of the training. Expected shares "
                "from 0 to 1. Use 0.2 for the first fifth."
            )
        if budget is None and not steps:
            raise ValueError(
                f"steps={steps} and no budget were given. Expected how long the "
                "training is, to take a share of it. Use steps=epochs * len(pairs)."
            )
        self.shares = dict(shares)
        self.steps = steps
        self.budget = budget
        self._held: dict[str, bool] = {}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Checks that the optimizer can hold the parts."""
        self._held = {}
        rates = getattr(inner_optimizer(self.model), "rates", {})
        missing = [name for name in self.shares if name not in rates]
        if missing:
            raise ValueError(
                f"The optimizer has no rate of {', '.join(map(repr, missing))}. "
                "Expected one of each part to hold still. Compile with "
                "optimizers.with_lr_multipliers(optimizer, model, {part: 1.0})."
            )

    def at_step(self, step: int) -> None:
        """Lets go whose share is over."""
        done = self._done(step)
        for name, share in self.shares.items():
            still = done < share
            if self._held.get(name) is not still:
                inner_optimizer(self.model).hold(name, still)
                self._held[name] = still
                _LOG.info("Step %d: %s %s.", step, name, "waits" if still else "learns")

    def _done(self, step: int) -> float:
        by_steps = step / self.steps if self.steps else 0.0
        if self.budget is None:
            return by_steps
        return max(by_steps, self.budget.used / (60.0 * self.budget.minutes))
