"""A query in a file, `NAME.sql`, which DuckDB runs: predictions joined with labels that came later, or whatever it says.

Paths in it are relative to the working directory. Its result is held in memory.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from lakedrift.errors import SourceError, SourceNotFoundError, UsageError, reason

__all__ = ["SUFFIX", "run_query"]

SUFFIX = ".sql"


def run_query(path: str | os.PathLike[str]) -> Any:
    """Return the result of the query in a file, as an Arrow table.

    Raises
    ------
    SourceNotFoundError
        If there is no such file.
    SourceError
        If it is no text, or DuckDB cannot run it, or it returns nothing.
    UsageError
        If DuckDB is not installed.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        msg = f"no such query: {os.fspath(path)!r}"
        raise SourceNotFoundError(msg) from None
    except (OSError, ValueError) as error:
        msg = f"cannot read the query {os.fspath(path)!r}: {reason(error)}"
        raise SourceError(msg) from error
    try:
        import duckdb
    except ImportError as error:
        msg = f"a query is run by DuckDB, which cannot be used: {error}"
        raise UsageError(msg, hint="pip install 'lakedrift[duckdb]'") from error
    try:
        with duckdb.connect() as connection:
            statements = connection.extract_statements(text)
            returns = bool(statements) and statements[-1].type == duckdb.StatementType.SELECT
            found = connection.sql(text).to_arrow_table() if returns else None
    except duckdb.Error as error:
        msg = f"cannot run the query {os.fspath(path)!r}: {reason(error)}"
        raise SourceError(msg, hint="paths in it are relative to the working directory") from error
    if found is None:
        msg = f"the query {os.fspath(path)!r} returns no rows: it does not end with a SELECT"
        raise SourceError(msg)
    return found
