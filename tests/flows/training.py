"""What users write first: the S3 datastore, a foreach of `@batch` steps, a retry, a secret, a variable, a card."""

import os

from metaflow import FlowSpec, Parameter, batch, card, current, environment, retry, secrets, step

TOLD = ("COLOUR", "TOKEN", "AWS_BATCH_CE_NAME", "AWS_BATCH_JQ_NAME", "AWS_BATCH_JOB_ATTEMPT", "AWS_EXECUTION_ENV")


class Training(FlowSpec):
    """Squares of numbers, each worked out in a job of Batch."""

    least = Parameter("least", default=2)

    @step
    def start(self):
        self.numbers = [self.least, self.least + 1]
        self.next(self.square, foreach="numbers")

    @secrets(sources=[{"type": "aws-secrets-manager", "id": "metaflow/model"}])
    @environment(vars={"COLOUR": "green"})
    @retry(times=1, minutes_between_retries=0)
    @batch(cpu=1, memory=512)
    @step
    def square(self):
        self.attempt = current.retry_count
        if self.input > self.least and self.attempt == 0:
            raise RuntimeError("the first attempt fails")
        self.squared = self.input**2
        self.told = {name: os.environ.get(name) for name in TOLD}
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.squares = {each.input: each.squared for each in inputs}
        self.attempts = sorted(each.attempt for each in inputs)
        self.told = inputs[0].told
        self.next(self.end)

    @card
    @step
    def end(self):
        print(f"squares: {self.squares}")  # noqa: T201  that what a step writes is kept is what is tested


if __name__ == "__main__":
    Training()
