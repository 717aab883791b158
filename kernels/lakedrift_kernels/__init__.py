"""Numba kernels: NumPy arrays in, NumPy arrays out. They know no Arrow, no file and no data frame."""

from __future__ import annotations

from lakedrift_kernels._jit import cache_directory, is_complete, is_warm, mark_complete

__all__ = ["cache_directory", "is_complete", "is_warm", "mark_complete"]
