"""Progress: quiet for short runs, a line now and then for long ones, and never in the way."""

from __future__ import annotations

import io

import pytest

from lakedrift.observer import Silent
from lakedrift.progress import Bar, Lines, is_live, progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Gone(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError


def run(observer: Bar | Lines) -> None:
    observer.stage("reading lake/a", 1_000)
    observer.advance(300)
    observer.note("compiling kernels\x1b[31m")
    observer.advance(200)
    observer.stage("reading lake/b", None)
    observer.advance(7)
    observer.done()
    observer.done()


def test_lines__short_run_says_only_the_notes() -> None:
    stream = io.StringIO()
    run(Lines(stream))
    assert stream.getvalue() == "compiling kernels\\x1b[31m\n"


def test_lines__long_run_says_how_far_it_is() -> None:
    stream = io.StringIO()
    run(Lines(stream, first=0.0, every=0.0))
    assert stream.getvalue().splitlines() == [
        "reading lake/a: 300 of 1,000 rows (30%)",
        "compiling kernels\\x1b[31m",
        "reading lake/a: 500 of 1,000 rows (50%)",
        "reading lake/b: 7 rows",
    ]


def test_lines__not_more_often_than_asked() -> None:
    stream = io.StringIO()
    run(Lines(stream, first=0.0, every=3600.0))
    assert stream.getvalue().splitlines() == ["reading lake/a: 300 of 1,000 rows (30%)", "compiling kernels\\x1b[31m"]


def test_lines__go_on_when_nobody_reads() -> None:
    run(Lines(Gone(), first=0.0, every=0.0))


def test_bar__moves_and_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    run(Bar(stream))
    drawn = stream.getvalue()
    assert "compiling kernels\\x1b[31m" in drawn
    assert "reading lake/b" in drawn
    assert drawn.rstrip("\r").endswith("\x1b[2K")  # the last thing it does is to erase its line


@pytest.mark.parametrize(("stream", "term", "live"), [(io.StringIO(), "xterm", False), (Terminal(), "dumb", False)])
def test_progress__without_a_live_terminal(stream: io.StringIO, term: str, live: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", term)
    assert is_live(stream) is live
    with progress(stream) as observer:
        assert isinstance(observer, Lines)


def test_progress__without_a_stream() -> None:
    with progress(None) as observer:
        assert isinstance(observer, Silent)


def test_progress__bar_is_gone_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        with progress(stream) as observer:
            observer.stage("reading", 10)
            raise KeyError

    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with pytest.raises(KeyError):
        fail()
    assert "\x1b[?25l" in stream.getvalue()  # the cursor was hidden
    assert "\x1b[?25h" in stream.getvalue()  # and is back
