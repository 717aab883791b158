"""Numba kernels: NumPy arrays in, NumPy arrays out. They know no Arrow, no file and no data frame."""
