"""What is counted and measured."""


class Metrics:
    """Counts nothing yet."""

    def observe_batch(self, requests: int, rows: int, seconds: float) -> None:
        """One call of the model."""

    def observe_wait(self, seconds: float) -> None:
        """One request that reached the model."""

    def count_dropped(self, reason: str) -> None:
        """One request that did not: `full`, `late` or `gone`."""
