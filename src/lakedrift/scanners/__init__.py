"""The scanners, one a file."""
