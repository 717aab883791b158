"""The program: it finds the command, runs it, and turns whatever happens into an exit code and at most a few lines."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys
import traceback
from collections.abc import Sequence

from cyclopts import App, CycloptsError, Parameter, UnusedCliTokensError

from lakedrift.cli.compare import compare
from lakedrift.cli.demo import demo
from lakedrift.cli.doctor import doctor
from lakedrift.cli.merge import merge
from lakedrift.cli.profile import profile
from lakedrift.cli.show import show
from lakedrift.cli.sweep import sweep
from lakedrift.errors import LakedriftError, UsageError
from lakedrift.text import visible

__all__ = ["main"]

BUG = 70
INTERRUPTED = 130
OUT_OF_MEMORY = 5
ALLOCATIONS = 200_000  # between two collections of garbage: what is imported and compiled is not, and costs a tenth as often
COMMANDS = (sweep, profile, compare, merge, show, demo, doctor)


def main(tokens: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    tokens
        The words after the program's name; None takes those of the process.
    """
    gc.set_threshold(ALLOCATIONS)
    atexit.register(gc.freeze)  # or all that goes with the process is searched for garbage once more, for a fifth of a second
    try:
        code = _run(sys.argv[1:] if tokens is None else tokens)
    except CycloptsError as error:
        code = _say(_usage(error))
    except LakedriftError as error:
        code = _bug() if error.exit_code == BUG else _say(error)
    except KeyboardInterrupt:
        _print("interrupted")
        code = INTERRUPTED
    except MemoryError:
        _print("error: out of memory", "hint: fewer --threads need less")
        code = OUT_OF_MEMORY
    except BaseException:  # a panic of Polars is no Exception; left alone it would exit with 1 and look like drift
        code = _bug()
    _let_go()
    return code


def _run(tokens: Sequence[str]) -> int:
    app = App(
        name="lakedrift",
        help="Measures data drift over whole data lakes: every feature, one scan, guaranteed bounds.",
        help_format="plaintext",
        version=_version,
        version_flags=["--version"],
        default_parameter=Parameter(negative=()),
    )
    for command in COMMANDS:
        app.command(command)
    command, bound, _ = app.parse_args(list(tokens), exit_on_error=False, print_error=False)
    if command in COMMANDS:
        return int(command(*bound.args, **bound.kwargs))
    with contextlib.suppress(SystemExit):  # how the help gives up when nobody reads it
        command(*bound.args, **bound.kwargs)
    return 0


def _version() -> str:
    import importlib.metadata  # late, for it costs help a tenth of its time

    return importlib.metadata.version("lakedrift")


def _usage(error: CycloptsError) -> UsageError:
    """Say what is wrong with the call in one line, and what to do in another."""
    if isinstance(error, UnusedCliTokensError):
        extra = (error.unused_tokens or [""])[0]
        return UsageError(f"unexpected argument {extra!r}", hint="a side is one word: quote a pattern, 'lake/*.parquet'")
    message, _, near = " ".join(str(error).split()).partition(" Did you mean ")
    command = " ".join(["lakedrift", *(error.command_chain or ()), "--help"])
    hint = f"did you mean {near.partition('?')[0]}?" if near else f"see {command}"
    return UsageError(message[:1].lower() + message[1:].rstrip("."), hint=hint)


def _say(error: LakedriftError) -> int:
    _print(f"error: {visible(error.message)}", *([f"hint: {visible(error.hint)}"] if error.hint else []))
    return error.exit_code


def _bug() -> int:
    _print(
        *(visible(line) for line in traceback.format_exc().splitlines()),
        "error: this is a bug in lakedrift, and there is no result",
        "hint: please report it with the lines above and what `lakedrift doctor` prints",
    )
    return BUG


def _print(*lines: str) -> None:
    """Write lines to stderr, if anybody still reads there."""
    if sys.stderr is None:  # print would turn to stdout
        return
    with contextlib.suppress(OSError, ValueError):
        print(*lines, sep="\n", file=sys.stderr, flush=True)  # noqa: T201 -- the one place that does


def _let_go() -> None:
    """Flush stdout; if its reader is gone, point it nowhere, or the interpreter complains on its way out."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 -- a device
                os.dup2(nowhere.fileno(), stream.fileno())
