"""A step that goes on until somebody ends it."""

import signal

from metaflow import FlowSpec, batch, step


class Lingering(FlowSpec):
    """Waits for a signal."""

    @batch(cpu=1, memory=512)
    @step
    def start(self):
        signal.pause()
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Lingering()
