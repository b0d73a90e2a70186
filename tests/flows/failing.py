"""A step that fails, and is not tried again."""

from metaflow import FlowSpec, batch, step


class Failing(FlowSpec):
    """Ends with an error."""

    @batch(cpu=1, memory=512)
    @step
    def start(self):
        raise ValueError("there is nothing to learn from")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Failing()
