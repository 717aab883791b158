"""Hypothesis without a deadline: whichever example comes first compiles kernels."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("lakedrift", deadline=None, print_blob=True)
settings.load_profile("lakedrift")
