"""Words and figures for people: made safe to show, short enough to fit, rounded to what one reads.

Names of columns, files and categories come from data and are not trusted: whatever a terminal, a spreadsheet or an XML reader
would act on is escaped here before a report shows it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size

__all__ = [
    "blocks",
    "clip",
    "count",
    "decimal",
    "duration",
    "encode",
    "join",
    "legible",
    "percent",
    "plural",
    "shorten",
    "size",
    "sparkline",
    "visible",
]

ELLIPSIS = "…"
BACKSLASH = b"\\"
HEIGHTS = "▁▂▃▄▅▆▇█"


def visible(text: str) -> str:
    r"""Escape everything that is not a plain visible character or a space.

    Control characters, terminal escapes, line breaks, invisible and direction-changing (bidi) characters and lone surrogates
    become `\n`, `\x1b`, `\u202e`, `\udc80`; all else is kept. The result is one line and valid XML 1.0 text.
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def legible(text: str) -> str:
    r"""Return a text from data with the bytes that are no UTF-8, which it holds as lone surrogates, spelled out and said so.

    `ab\xff` becomes `ab\xff (not UTF-8)`. A backslash in such a text is doubled, so that no two of them look alike; sound text
    is left as it is.
    """
    raw = text.encode("utf-8", "surrogateescape")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return f"{raw.replace(BACKSLASH, 2 * BACKSLASH).decode('utf-8', 'backslashreplace')} (not UTF-8)"


def shorten(text: str, width: int) -> str:
    """Cut the middle out of `text` so that it takes at most `width` terminal cells; both ends of a name tell names apart."""
    if cell_len(text) <= width:
        return text
    if width <= 1:
        return ELLIPSIS[:width]
    tail = (width - 1) // 2
    head = set_cell_size(text, width - 1 - tail).rstrip()
    return head + ELLIPSIS + set_cell_size(text[::-1], tail)[::-1].lstrip()


def clip(text: str, width: int) -> str:
    """Cut the end off `text` so that it takes at most `width` terminal cells."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + ELLIPSIS if width >= 1 else ""


def join(names: Sequence[str], width: int) -> str:
    """List `names` within `width` terminal cells, saying how many are left out."""
    shown: list[str] = []
    for position, name in enumerate(names):
        left = len(names) - position - 1
        ending = f" and {left} more" if left else ""
        longer = ", ".join([*shown, name]) + ending
        if shown and cell_len(longer) > width:
            return ", ".join(shown) + f" and {left + 1} more"
        shown.append(shorten(name, max(width - len(ending), 8)))
    return ", ".join(shown)


def plural(number: int, noun: str) -> str:
    """Count things: `1 column`, `81 columns`."""
    return f"{count(number)} {noun}" if number == 1 else f"{count(number)} {noun}s"


def count(number: float) -> str:
    """Write a count: `29,425`, `20.0 M`, `1.25 G`."""
    if number < 1e6:
        return f"{number:,.0f}"
    return f"{_scaled(number, 1e6)} M" if number < 1e9 else f"{_scaled(number, 1e9)} G"


def size(number: float) -> str:
    """Write a number of bytes: `812 B`, `3.1 MB`, `4.1 TB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 999.5:
            return f"{number:.0f} B" if unit == "B" else f"{_scaled(number, 1.0)} {unit}"
        number /= 1000
    return f"{_scaled(number, 1.0)} TB"


def duration(seconds: float) -> str:
    """Write a time: `under 0.1 s`, `0.81 s`, `38 s`, `2 min 5 s`, `1 h 4 min`."""
    if seconds < 0.1:
        return "under 0.1 s"
    if seconds < 59.5:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def decimal(number: float) -> str:
    """Write a statistic or a limit: three significant digits, `0.312`, `0.1`, `1.2e-05`, `1,234`."""
    return f"{number:,.0f}" if 1000 <= abs(number) < 1e15 else f"{number:.3g}"


def percent(share: float) -> str:
    """Write a share: `2 %`, `0.12 %`, `33.3 %`; of nothing, which is NaN, `none`."""
    if math.isnan(share):
        return "none"
    number = 100 * share
    if number in (0, 100):
        return f"{number:.0f} %"
    return f"{number:.2g} %" if number < 10 else f"{number:.1f} %".replace(".0 %", " %")


def blocks(reference: Iterable[int], current: Iterable[int]) -> tuple[str, str]:
    """Draw two histograms as one block character per bin.

    Both are drawn as shares on one scale, so that heights compare between them. The lowest block stands for an empty bin, and
    a bin that holds anything is drawn higher.
    """
    shares = [_shares(list(side)) for side in (reference, current)]
    highest = max((share for side in shares for share in side), default=0.0)
    drawn = ("".join(_block(share, highest) for share in side) for side in shares)
    return next(drawn), next(drawn)


def sparkline(heights: Iterable[float]) -> str:
    """Draw numbers in [0, 1] as one block character each; only 0 is the lowest, and only 1 the highest."""
    inner = len(HEIGHTS) - 2
    return "".join(HEIGHTS[0 if height <= 0 else -1 if height >= 1 else 1 + int(height * inner)] for height in heights)


def encode(text: str) -> bytes:
    """Encode as UTF-8; a lone surrogate, which has no encoding, is written as its escape."""
    return text.encode("utf-8", "backslashreplace")


def _scaled(number: float, unit: float) -> str:
    scaled = number / unit
    return f"{scaled:.3g}" if scaled >= 100 else f"{scaled:#.3g}".rstrip(".")


def _shares(counts: list[int]) -> list[float]:
    total = sum(counts)
    return [counted / total if total else 0.0 for counted in counts]


def _block(share: float, highest: float) -> str:
    if share <= 0.0:
        return HEIGHTS[0]
    return HEIGHTS[max(1, round(share / highest * (len(HEIGHTS) - 1)))]
