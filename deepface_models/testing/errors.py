"""The error of a failed check."""

from __future__ import annotations


class ContractError(AssertionError):
    """A model does not meet the requirements on models of the package.

    Args:
        model: Name of the class.
        check: Name of the failed check.
        found: The finding.
        expected: The expectation.
        fix: A suggestion, as a sentence.
    """

    def __init__(
        self, model: str, check: str, found: str, expected: str, fix: str
    ) -> None:
        super().__init__(
            f"{model} fails the check {check!r}: {found}. Expected {expected}. {fix}"
        )
        self.model = model
        self.check = check
