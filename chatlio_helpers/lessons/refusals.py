"""Refusals on purpose: run a call that must be refused, and look at the refusal."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING

from ..aep import Exchange
from ..cards import Card, error_card
from ..errors import CheckFailed, KitError
from ..results import Result, check
from ..tables import table

if TYPE_CHECKING:
    import pandas


class refusal:
    """Catch the refusal that the block must meet; raises CheckFailed when the block is not refused.

    >>> with kit.refusal() as refused:
    ...     kit.connect("nowhere")
    >>> refused            # the error as a card
    """

    def __init__(self) -> None:
        self.error: KitError | None = None

    def __enter__(self) -> refusal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if error is None:
            raise CheckFailed(
                "This call should have been refused, and was not.",
                cause="the platform is more permissive than its documentation",
                next_step="look at the last call with `aep.show_last()`",
            )
        if isinstance(error, KitError):
            self.error = error
            return True
        return False

    def card(self) -> Card:
        """Give the refusal as a card: the platform's words, the likely cause, the next step."""
        return error_card(self.error) if self.error else Card("note", "nothing was refused yet")

    def check(self, kind: type[KitError]) -> Result:
        """Say that the refusal is of the *kind* expected; raises CheckFailed when it is another."""
        return check(
            "refusal",
            isinstance(self.error, kind),
            f"refused, as it should be ({kind.__name__})",
            otherwise=f"refused with {type(self.error).__name__} instead of {kind.__name__}",
            expected=kind.__name__,
            found=type(self.error).__name__,
        )

    def __repr__(self) -> str:
        return repr(self.card())

    def _repr_html_(self) -> str:
        return self.card()._repr_html_()


def compare(exchanges: Mapping[str, Exchange]) -> pandas.DataFrame:
    """Give the exchanges side by side: mistake, status, code, the platform's words."""
    rows = [
        {"mistake": mistake, "status": one.status, "code": one.vendor.code, "the platform's words": one.vendor.words}
        for mistake, one in exchanges.items()
    ]
    return table(rows)
