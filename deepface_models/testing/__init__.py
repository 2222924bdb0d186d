"""The contract that every model of the package keeps, as a test of your own ones."""

from deepface_models.testing.contract import CHECKS, ContractReport, check_model
from deepface_models.testing.errors import ContractError

__all__ = ["CHECKS", "ContractError", "ContractReport", "check_model"]
