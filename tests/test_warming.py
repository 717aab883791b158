"""Warming leaves no kernel to be compiled later."""

from __future__ import annotations

import json
import subprocess
import sys

from shell import Shell

PROGRAM = """
import importlib, json, pkgutil
import lakedrift_kernels
from lakedrift.warming import warm

warm()
kernels, inner = {}, set()
for module in pkgutil.iter_modules(lakedrift_kernels.__path__):
    found = vars(importlib.import_module(f"lakedrift_kernels.{module.name}"))
    inner |= {name for name in found.keys() - set(found["__all__"]) if hasattr(found[name], "signatures")}
    compiled = {name: found[name] for name in found["__all__"] if hasattr(found[name], "signatures")}
    kernels |= {f"{module.name}.{name}": len(kernel.signatures) for name, kernel in compiled.items()}
kernels = {name: n for name, n in kernels.items() if name.partition(".")[2] not in inner}  # those that kernels call
print(json.dumps([kernels, lakedrift_kernels.is_complete()]))
"""


def test_warm__compiles_every_kernel_that_python_calls() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], env=Shell().environment, capture_output=True, text=True, check=True)
    kernels, complete = json.loads(ran.stdout)
    assert {"strings.locate_short", "tallies.count_named", "tallies.move_strings"} < kernels.keys()
    assert [name for name, signatures in kernels.items() if not signatures] == []
    assert complete
