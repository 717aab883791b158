"""Reading the fit sample: rows spread over a source, the same ones whatever the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor

import pyarrow as pa

from lakedrift.filtering import Filter
from lakedrift.finishing import Finish
from lakedrift.reading import Reader
from lakedrift.scanners import arrow
from lakedrift.source import Sample

__all__ = ["sampled"]

THREADS = 2


def sampled(reader: Reader, samples: Sequence[Sample], keep: Filter | None) -> list[pa.RecordBatch]:
    """Return the rows of samples, filtered, in their order.

    Raises
    ------
    UnreadableFileError
        Naming the file that cannot be read.
    ResourceError
        If what has to be held at a time does not fit, as `Reader.check` has it.
    """
    reader.check([sample.scan for sample in samples])
    finish = [Finish(sample.scan, keep) for sample in samples]
    order = sorted(range(len(samples)), key=lambda place: -samples[place].among)  # what takes long is begun first
    with ThreadPoolExecutor(THREADS) as pool:
        begun = {place: _begun(reader, samples[place], pool) for place in order}
        return [finish[place](batch)[0] for place in range(len(samples)) for batch in begun[place]()]


def _begun(reader: Reader, sample: Sample, pool: Executor) -> Callable[[], list[pa.RecordBatch]]:
    """Begin to read a sample, and return what waits for its rows."""
    scan = sample.scan
    if scan.frame is not None:
        return lambda: reader.of_frame(scan)
    if not scan.columns:
        return lambda: [pa.record_batch([pa.nulls(sample.rows)], names=[""])]
    with reader.explaining(scan):
        rows = arrow.sampled(sample, reader.memory, pool)

    def read() -> list[pa.RecordBatch]:
        with reader.explaining(scan):
            return [rows()]

    return read
