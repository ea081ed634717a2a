"""What can go wrong with a Data Prep expression: when it is read, and when it is worked out for one row."""

from __future__ import annotations


class ExpressionError(ValueError):
    """An expression or path that cannot be read; ``position`` counts characters from 1."""

    def __init__(self, words: str, position: int = 1) -> None:
        super().__init__(f"{words} (position {position})")
        self.words, self.position = words, position


class EvaluationError(ValueError):
    """An expression that reads well but has no value for this row; the target attribute becomes null."""


class MissingAttribute(EvaluationError):
    """An expression names a source attribute that this row does not have; the row fails.

    Documented: Adobe's streaming monitor counts it as a failure, not as a warning.
    """

    def __init__(self, path: str) -> None:
        super().__init__(f"The source attribute {path} does not exist in this record")
        self.path = path
