"""The summaries, one a file, each with its class in the constant `SUMMARY`."""
