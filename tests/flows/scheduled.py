"""A foreach that Step Functions runs when it is triggered, and on a day that no test sees."""

import signal

from metaflow import FlowSpec, Parameter, current, schedule, step


@schedule(cron="0 0 1 1 ? 2199")
class Scheduled(FlowSpec):
    """Squares of numbers, worked out side by side; of less than none it waits for somebody to end it."""

    least = Parameter("least", type=int, default=2)
    count = Parameter("count", type=int, default=3)

    @step
    def start(self):
        if self.count < 0:
            signal.pause()
        self.numbers = [self.least + more for more in range(self.count)]
        self.next(self.square, foreach="numbers")

    @step
    def square(self):
        self.squared = self.input**2
        self.run = current.run_id
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.squares = sorted(each.squared for each in inputs)
        self.runs = sorted({each.run for each in inputs})
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Scheduled()
