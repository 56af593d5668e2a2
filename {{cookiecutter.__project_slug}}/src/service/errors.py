"""What can go wrong; a `ServiceError` has an HTTP status and is answered with it."""

from typing import ClassVar


class ServiceError(Exception):
    """A failure that has a sentence for the caller, and a status and headers to send it with."""

    status: ClassVar[int] = 500
    headers: ClassVar[dict[str, str]] = {}


class UnavailableError(ServiceError):
    """The model cannot be asked now; callers may come again."""

    status = 503
    headers: ClassVar[dict[str, str]] = {"retry-after": "1"}


class NotReadyError(UnavailableError):
    """There is no model to ask yet."""


class QueueFullError(UnavailableError):
    """More requests wait for the model than may."""


class DeadlineError(ServiceError):
    """The answer comes later than the request may take."""

    status = 504


class CallerGoneError(ServiceError):
    """Nobody waits for the answer; the status is for the log, and is the one that nginx gives."""

    status = 499


class InferenceError(ServiceError):
    """The model fails; the sentence is the model runtime's own."""


class InvalidRequestError(ServiceError):
    """The caller asks what the model cannot be asked."""

    status = 400


class ContentEncodingError(ServiceError):
    """The body is compressed, which is not read here."""

    status = 415
    headers: ClassVar[dict[str, str]] = {"accept-encoding": "identity"}


class UnknownModelError(ServiceError):
    """The caller asks for a model or version that is not the one that is served."""

    status = 404


class ModelError(Exception):
    """The model on the volume cannot be served; the sentence names the path and the remedy."""

    def __init__(self, sentence: str) -> None:
        """Keep the sentence as one that can be sent, whatever bytes are in a file's name."""
        super().__init__(sentence.encode(errors="backslashreplace").decode())
