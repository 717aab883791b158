"""The metrics, one a file, each with its declaration in the constant `METRIC`; the file name is the metric's name."""
