"""Checks of integer arguments."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from numbers import Integral
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])


def whole_number(name: str, value: Any, least: int = 1) -> int:
    """Returns a whole number as int.

    Args:
        name: The argument's name, for the error message.
        value: The value, such as an int or a NumPy integer.
        least: The smallest valid value.

    Raises:
        ValueError: It is not a whole number, such as 2.5, "3" or True, or is smaller.
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or value < least:
        raise ValueError(
            f"{name}={value!r} was given. Expected a whole number of {least} or more. "
            f"Use {name}={_near(value, least)}."
        )
    return int(value)


def whole_numbers(**least: int) -> Callable[[_Function], _Function]:
    """Returns a decorator that checks arguments of a function by `whole_number`.

    None is accepted if the parameter's annotation includes it.

    Args:
        **least: The smallest valid value of each parameter.
    """

    def decorate(function: _Function) -> _Function:
        signature = inspect.signature(function)
        optional = {
            name
            for name in least
            if "None" in str(signature.parameters[name].annotation)
        }

        places = [(n, i) for i, n in enumerate(signature.parameters) if n in least]

        def is_usual(name: str, value: Any) -> bool:
            if value is None:
                return name in optional
            return type(value) is int and value >= least[name]

        @functools.wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            # `signature.bind` takes longer than many of these functions.
            given = [(name, args[i]) for name, i in places if i < len(args)]
            given += [(name, kwargs[name]) for name in least.keys() & kwargs.keys()]
            if all(is_usual(*one) for one in given):
                return function(*args, **kwargs)
            bound = signature.bind(*args, **kwargs)
            for name in least.keys() & bound.arguments.keys():
                value = bound.arguments[name]
                if value is not None or name not in optional:
                    bound.arguments[name] = whole_number(name, value, least[name])
            return function(*bound.args, **bound.kwargs)

        checked.whole = least  # type: ignore[attr-defined]
        return checked  # type: ignore[return-value]

    return decorate


def integers_of(function: Callable[..., Any]) -> dict[str, int]:
    """Returns the parameters annotated `int` or `int | None`, each with 0."""
    found = inspect.signature(function).parameters.values()
    return {p.name: 0 for p in found if str(p.annotation) in ("int", "int | None")}


def _near(value: Any, least: int) -> int:
    """Returns a valid number close to the given one."""
    try:
        return max(least, round(float(value)))
    except (TypeError, ValueError, OverflowError):
        return max(least, 1)
