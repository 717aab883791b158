"""Two groupings on the segments that both know by name.

Where small segments were joined to one, `segment.OTHER`, a segment that is not named may be in it. So what one side keeps and
the other may have joined is joined on both sides before they are compared: nothing is called gone or new that nobody knows of.
Counts are integers, so joining is exact.
"""

from __future__ import annotations

from dataclasses import replace

from lakedrift.grouping import Grouping

__all__ = ["on_common_segments", "with_model"]


def on_common_segments(reference: Grouping, current: Grouping) -> tuple[Grouping, Grouping]:
    """Return both with every segment joined that a folded side does not name."""
    named = [side.named for side in (reference, current) if side.folded]
    if not named:
        return reference, current
    common = frozenset.intersection(*named)
    return reference.joined(common), current.joined(common)


def with_model(grouping: Grouping, model: Grouping | None) -> Grouping:
    """Return a grouping that was folded like another with what it names as the other does, though it has no rows of it."""
    if model is None or not grouping.folded:
        return grouping
    return replace(grouping, absent=model.named - grouping.named)
