"""The command line: words in, words out.

Results go to stdout, everything else to stderr. The exit code says what a gate needs to know:

====  =========================================================================
   0  nothing at or above `--fail-on`
   1  drift at or above it
   2  the call or the configuration is wrong
   3  the input cannot be read, or nothing in it could be judged
   4  the profile store is at fault
   5  a resource ran out
  70  a bug: a broken invariant, or an error nobody foresaw
 130  interrupted
====  =========================================================================

Nothing here imports NumPy, Polars, PyArrow or Numba before a command needs them, so that help comes at once.
"""

from lakedrift.cli.program import main

__all__ = ["main"]
