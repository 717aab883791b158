"""How well a model does: one measure a file, found by its name. See `lakedrift.performance`."""
