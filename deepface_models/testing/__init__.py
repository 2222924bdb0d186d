"""The common requirements on models of the package, as a test of your own models."""

from deepface_models.testing.contract import CHECKS, ContractReport, check_model
from deepface_models.testing.errors import ContractError

__all__ = ["CHECKS", "ContractError", "ContractReport", "check_model"]
