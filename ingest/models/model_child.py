"""A child process with a model open in it, whichever library runs the model."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager

from index.errors import ModelError, RagError
from ingest.worker import Message, Payload, Worker, WorkerError


class ModelChild:
    """A worker that opens its model before the first request, and again in a new process after one died."""

    def __init__(self, target: str, *, library: str, environment: Mapping[str, str]) -> None:
        self._worker = Worker(target, environment=environment)
        self._library = library
        self._opening: Payload | None = None
        self._pid: int | None = None
        self.description: Payload = {}

    def start(self) -> None:
        """Start the process, which loads the library while the caller does something else."""
        self._worker.start()

    @contextmanager
    def starting(self) -> Iterator[None]:
        """Start the process while the body reads the model's header; when the body raises, the process ends."""
        self.start()
        try:
            yield
        except BaseException:
            self.close()
            raise

    def open(self, opening: Payload) -> Payload:
        """Load the model that `opening` describes and return what the child says of it.

        Raises ModelError when the library refuses the model or dies of it.
        """
        self._opening = opening
        try:
            self.description, _ = self._worker.call(opening)
        except WorkerError as error:
            raise ModelError(
                f"{self._library} cannot load {opening['path']}: {_last_line(error)}.",
                f"Fetch the model again, name another, or update {self._library} if the model is newer.",
            ) from error
        self._pid = self._worker.pid
        return self.description

    def call(self, request: Payload, blobs: Sequence[bytes] = ()) -> Message:
        """The reply to `request`; tried once more in a new process when the first dies of it."""
        try:
            return self.ask(request, blobs)
        except WorkerError:
            return self.ask(request, blobs)

    def ask(self, request: Payload, blobs: Sequence[bytes] = (), *, seconds: float | None = None) -> Message:
        """The reply to `request`; raises WorkerError when the child dies, or is ended after `seconds`."""
        self._reopen()
        return self._worker.call(request, blobs, seconds=seconds)

    def stream(self, request: Payload, blobs: Sequence[bytes] = ()) -> Generator[Message, None, None]:
        """The replies to `request` as they come; closing it cancels. Raises WorkerError when the process dies."""
        self._reopen()
        yield from self._worker.stream(request, blobs)

    def cancel(self) -> None:
        """Ask the child to stop the request under way; to be called from any thread."""
        self._worker.cancel()

    def close(self) -> None:
        self._worker.close()

    def _reopen(self) -> None:
        self._worker.start()
        if self._worker.pid != self._pid:
            if self._opening is None:
                raise RagError("A model was used before it was opened.")
            self.open(self._opening)


def _last_line(error: WorkerError) -> str:
    """What the library said last before it died, or how it died."""
    lines = error.stderr.strip().splitlines()
    return lines[-1].strip().rstrip(".") if lines else error.message.rstrip(".")
