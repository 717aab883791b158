"""What lakedrift costs: its kernels, whole lakes, and its peers on the same files. `make bench` writes docs/benchmarks.md."""
