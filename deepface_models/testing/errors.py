"""What a broken contract raises."""

from __future__ import annotations


class ContractError(AssertionError):
    """A model does not do what every model of the package does.

    Args:
        model: The class's name.
        check: The name of the check that failed.
        found: What it found.
        expected: What it should have found.
        fix: What to do.
    """

    def __init__(
        self, model: str, check: str, found: str, expected: str, fix: str
    ) -> None:
        super().__init__(
            f"{model} fails the check {check!r}: {found}. Expected {expected}. {fix}"
        )
        self.model = model
        self.check = check
