"""The reports, one per file: each module defines `REPORT`, and its file name is the name of the format."""
