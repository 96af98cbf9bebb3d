"""Lets a process work on a disk that fails: it is killed, gets errors, or has its every change written down.

`python faults.py` is the process, started under the layer of faults.c. It has everything imported and forks a child for
each trial, so that a trial takes no longer than its work.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

HERE = Path(__file__).parent
NOTHING, KILL, FAIL, HALF, STOP = range(5)
# How a trial ends: well, with an error of ours, killed; or it was stopped and stands still.
DONE, TOLD, KILLED, STOPPED = 0, 4, -9, -19


@dataclass(frozen=True, slots=True)
class Trial:
    """What `verb` of victim.py is done in `folder`, and what happens to the call number `at` that changes it.

    Calls are counted that change what is in the folder that `folder` lies in. `only` are the names of those that count
    (" write pwrite64 "), all but " lock " when empty. `lasting` errors go on. `log` is a file that takes down every
    call. After so many `seconds` it is killed from outside.
    """

    folder: str
    verb: str = "work"
    version: int = 1
    what: int = NOTHING
    at: int = 0
    code: int = 0
    lasting: bool = False
    only: str = ""
    log: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a trial ended: exit code, documents told to be committed with their marks, calls counted, the last words."""

    code: int
    told: dict[str, str]
    calls: int
    words: str


def build(folder: Path) -> Path | None:
    """Compile the layer; None where that cannot be done."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not sys.platform.startswith("linux") or compiler is None:
        return None
    library = folder / "faults.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(HERE / "faults.c"), "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    return library


class Layer:
    """The process that tries."""

    def __init__(self, library: Path) -> None:
        path = os.pathsep.join([str(HERE.parent), str(HERE)])
        environment = {**os.environ, "PYTHONPATH": path, "LD_PRELOAD": str(library)}
        command = [sys.executable, str(HERE / "faults.py")]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)

    def run(self, trial: Trial) -> Outcome:
        """Do it in a child and wait for its end."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(trial)) + "\n")
        self._process.stdin.flush()
        code, calls, lines, words = json.loads(self._process.stdout.readline())
        return Outcome(code, dict(line.split() for line in lines), calls, words)

    @contextlib.contextmanager
    def stopped(self, trial: Trial) -> Iterator[Outcome]:
        """Do it until it stands still at the call that the trial names, or to its end; killed when the block ends."""
        outcome = self.run(replace(trial, what=STOP))
        try:
            yield outcome
        finally:
            assert self._process.stdin is not None
            self._process.stdin.write("\n")
            self._process.stdin.flush()
            assert self._process.stdout is not None
            self._process.stdout.readline()  # it has ended

    def close(self) -> None:
        self._process.communicate()


@contextlib.contextmanager
def layer(folder: Path) -> Iterator[Layer]:
    """The layer, or a skipped test."""
    import pytest

    library = build(folder)
    if library is None:
        pytest.skip("needs Linux and a C compiler")
    opened = Layer(library)
    try:
        yield opened
    finally:
        opened.close()


def _serve() -> None:
    import ctypes
    import traceback

    import faiss  # noqa: F401 - imported once for all children
    import tantivy  # noqa: F401
    import victim

    from index.errors import StoreError

    control = ctypes.CDLL(None)
    control.fault_count.restype = ctypes.c_long
    for line in sys.stdin:
        trial = Trial(**json.loads(line))
        out, out_end = os.pipe()
        err, err_end = os.pipe()
        child = os.fork()
        if child == 0:
            os.dup2(out_end, 1)
            os.dup2(err_end, 2)
            disk = str(Path(trial.folder).parent)
            log, only, below = (text.encode() for text in (trial.log, trial.only, disk))
            control.fault_arm(below, trial.what, trial.code, ctypes.c_long(trial.at), int(trial.lasting), only, log)
            code = DONE
            try:
                victim.VERBS[trial.verb](Path(trial.folder), trial.version, lambda text: os.write(1, text.encode()))
            except StoreError as error:
                code = TOLD
                os.write(2, f"{type(error).__name__}: {error.message}".encode())
            except BaseException:
                code = 1
                os.write(2, traceback.format_exc().encode()[-2000:])
            os.write(2, f"\n{control.fault_count()}".encode())
            os._exit(code)
        if trial.seconds:
            time.sleep(trial.seconds)
            os.kill(child, signal.SIGKILL)
        if trial.what == STOP:
            _, status = os.waitpid(child, os.WUNTRACED)
            print(json.dumps([STOPPED if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status), 0, [], ""]))
            sys.stdout.flush()
            sys.stdin.readline()
            if os.WIFSTOPPED(status):
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            for descriptor in (out, out_end, err, err_end):
                os.close(descriptor)
            print(flush=True)
            continue
        os.close(out_end)
        os.close(err_end)
        with open(out, "rb") as told, open(err, "rb") as said:  # noqa: PTH123
            lines = [text for text in told.read().decode().split("\n")[:-1] if text]
            words, _, calls = said.read().decode(errors="replace").rpartition("\n")
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps([code, int(calls) if calls.isdigit() else 0, lines, words]), flush=True)


if __name__ == "__main__":
    _serve()
