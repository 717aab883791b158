"""Segments: what a part of the lake is called.

A segmentation is a tuple of key columns, and a segment the values that they have, as text by the rules of `columns.labels`:
so the integer `1` and the text `"1"` are one segment. Its label is written like a Hive path, `carrier=AA/origin=JFK`, and the
whole lake, the one segment of no keys, is "". A null is `__HIVE_DEFAULT_PARTITION__`, and the empty string is nothing:
`carrier=`.

Labels are injective: what would be mistaken for something else is escaped by percent signs, byte by byte of its UTF-8. That is
what Hive escapes in a path (`FileUtils.charToEscape`), every control character, and the first character of a value that is
literally the word for null.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote_to_bytes

__all__ = ["NULL", "OTHER", "escaped", "label", "parse"]

NULL = "__HIVE_DEFAULT_PARTITION__"
OTHER = "__other__"  # the value of every key in the segment that the smallest ones were folded into
ESCAPED = re.compile(r"""[\x00-\x1f\x7f-\x9f\ud800-\udfff"#%'*/:=?\\{\[\]^]""")  # what Hive escapes, and C1 and surrogates


def label(keys: Sequence[str], values: Sequence[str | None]) -> str:
    """Return the label of a segment: `a=1/b=2`, "" where there are no keys."""
    return "/".join(f"{_spelled(key)}={escaped(value)}" for key, value in zip(keys, values, strict=True))


def parse(text: str) -> tuple[tuple[str, ...], tuple[str | None, ...]]:
    """Return the keys and values that `label` was made of."""
    pairs = [part.partition("=")[::2] for part in text.split("/")] if text else []
    values = (None if value == NULL else _read(value) for _, value in pairs)
    return tuple(_read(key) for key, _ in pairs), tuple(values)


def escaped(value: str | None) -> str:
    """Return a value as it stands in a label."""
    if value is None:
        return NULL
    return _percent(NULL[0]) + NULL[1:] if value == NULL else _spelled(value)


def _spelled(text: str) -> str:
    return ESCAPED.sub(lambda found: _percent(found[0]), text)


def _percent(sign: str) -> str:
    return "".join(f"%{byte:02X}" for byte in sign.encode("utf-8", "surrogateescape"))


def _read(text: str) -> str:
    return unquote_to_bytes(text.encode("utf-8")).decode("utf-8", "surrogateescape")
