"""A line chart as SVG, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

__all__ = ["chart"]

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 130, 36, 48
LINE_HEIGHT = 15
COLOURS = ("#777777", "#1f6fb2", "#c2571a", "#2e7d4f", "#8a4fae")
Points = Sequence[tuple[float, float]]


def chart(title: str, x_label: str, y_label: str, lines: Mapping[str, Points]) -> str:
    """Return the chart of named lines, each a sequence of (x, y), all positive."""
    every = [point for points in lines.values() for point in points]
    x, y = _Axis([x for x, _ in every], LEFT, WIDTH - RIGHT), _Axis([y for _, y in every], HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text((LEFT + WIDTH - RIGHT) / 2, 20, title, "middle"),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x_label, "middle"),
        _text(LEFT, TOP - 8, y_label, "end"),
    ]
    for across, tick in ((x(tick), f"{tick:,.10g}") for tick in x.ticks):
        parts += [_line(across, HEIGHT - BOTTOM, across, TOP), _text(across, HEIGHT - BOTTOM + 18, tick, "middle")]
    for down, tick in ((y(tick), f"{tick:,.10g}") for tick in y.ticks):
        parts += [_line(LEFT, down, WIDTH - RIGHT, down), _text(LEFT - 8, down + 4, tick, "end")]
    ends = []
    for (name, points), colour in zip(lines.items(), COLOURS, strict=False):
        places = [(x(x_value), y(y_value)) for x_value, y_value in points]
        path = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3" fill="{colour}"/>' for across, down in places]
        ends.append((places[-1][1], places[-1][0], name, colour))
    return "\n".join([*parts, *_names(ends), "</svg>", ""])


def _names(ends: list[tuple[float, float, str, str]]) -> Iterator[str]:
    """Yield the names of lines at their ends, from the bottom up, none over another."""
    limit = float(HEIGHT)
    for down, across, name, colour in sorted(ends, reverse=True):
        place = min(down, limit)
        limit = place - LINE_HEIGHT
        yield _text(across + 10, place + 4, name, "start", colour)


class _Axis:
    """Where values fall on a line from `start` to `end`, and the powers of ten around them."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self._low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        self._span = max(1, high - self._low)
        self._start, self._end = start, end
        self.ticks = [10.0**power for power in range(self._low, self._low + self._span + 1)]

    def __call__(self, value: float) -> float:
        return self._start + (math.log10(value) - self._low) / self._span * (self._end - self._start)


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>'


def _text(x: float, y: float, words: str, anchor: str, colour: str = "#333333") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'
