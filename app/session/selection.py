"""What the page Library shows and which of its sounds are chosen, as a value. No Streamlit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from synth.library.finding import Wanted

A_PAGE = 24


@dataclass(frozen=True)
class Shown:
    """wanted: what is looked for. chosen: ids, in the order that they were chosen in. several: whether more than one
    can be. page: from 1. gone: ids that were deleted last."""

    wanted: Wanted = field(default_factory=Wanted)
    chosen: tuple[int, ...] = ()
    several: bool = False
    page: int = 1
    gone: tuple[int, ...] = ()

    def asking(self, **changes: Any) -> Shown:
        """With other wishes: from the first page on, and nothing chosen."""
        return replace(self, wanted=replace(self.wanted, **changes), chosen=(), page=1)

    def pressed(self, at: int) -> Shown:
        """After a sound was pressed, which chooses it, or lets it go where several can be chosen."""
        if not self.several:
            return replace(self, chosen=(at,))
        left = tuple(other for other in self.chosen if other != at)
        return replace(self, chosen=left if at in self.chosen else (*left, at))

    def with_several(self, several: bool) -> Shown:
        return replace(self, several=several, chosen=self.chosen if several else self.chosen[:1])

    def without(self, ids: tuple[int, ...]) -> Shown:
        """After these were deleted."""
        return replace(self, chosen=tuple(at for at in self.chosen if at not in ids), gone=ids)
