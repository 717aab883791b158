"""Hypothesis without a deadline, as whichever example comes first compiles kernels, and with fifty examples of a law."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("lakedrift", deadline=None, print_blob=True, max_examples=50)
settings.load_profile("lakedrift")
