"""Settings of networks as plain JSON types, and back."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any, Self


class Sizes:
    """For frozen dataclasses of numbers, words and tuples of them."""

    def to_dict(self) -> dict[str, Any]:
        values = asdict(self)  # type: ignore[call-overload]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The inverse of `to_dict`; settings left out take their defaults. Raises ValueError for unknown ones."""
        unknown = values.keys() - {f.name for f in fields(cls)}  # type: ignore[arg-type]
        if unknown:
            raise ValueError(f"{cls.__name__} has no setting {', '.join(sorted(unknown))}")
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})
