"""The command line as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

__all__ = ["Shell"]


class Shell:
    """Runs `lakedrift` as a process of its own, which imports what this one does."""

    def __init__(self) -> None:
        self.environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}

    def __call__(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        with self.start(*words, **variables) as process:
            out, err = process.communicate(timeout=600)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "lakedrift", *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=self.environment | variables, stdout=pipe, stderr=pipe, encoding="utf-8")
