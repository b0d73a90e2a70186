"""When a rule of EventBridge is due.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

RATE: Final = re.compile(r"rate\((?P<count>[1-9]\d*) (?P<unit>minute|hour|day)(?P<many>s?)\)")
CRON: Final = re.compile(r"cron\((?P<fields>\S+(?: \S+){5})\)")
UNITS: Final = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
MONTHS: Final = {name.upper(): place for place, name in enumerate(calendar.month_abbr) if name}
WEEKDAYS: Final = {name: place for place, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
SUNDAY, SATURDAY = 1, 7
ITEM: Final = re.compile(r"(?P<first>\w+|\*)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?")
NEAREST: Final = re.compile(r"(?P<day>\d+)W")
NTH: Final = re.compile(r"(?P<day>\w+)#(?P<nth>[1-5])")
LAST: Final = re.compile(r"(?P<day>\w+)L")


class ScheduleError(ValueError):
    """What is no schedule expression."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a cron expression: its least and its greatest number, and names for them."""

    least: int
    most: int
    names: Mapping[str, int]

    def number(self, text: str) -> int:
        """The number that `text` writes or names. Raises `ScheduleError`."""
        found = self.names.get(text.upper())
        if found is None and not text.isdecimal():
            raise ScheduleError(f"{text} is no number here")
        value = int(text) if found is None else found
        if not self.least <= value <= self.most:
            raise ScheduleError(f"{value} is not between {self.least} and {self.most}")
        return value

    def numbers(self, text: str) -> frozenset[int]:
        """All numbers that a list of items means. Raises `ScheduleError`."""
        return frozenset(number for item in text.split(",") for number in self._item(item))

    def _item(self, text: str) -> range:
        found = ITEM.fullmatch(text)
        if found is None:
            raise ScheduleError(f"{text} is no part of a field")
        if found["first"] == "*":
            first, last = self.least, self.most
        else:
            first = self.number(found["first"])
            alone = self.most if found["step"] else first
            last = self.number(found["last"]) if found["last"] else alone
        if last < first or found["step"] == "0":
            raise ScheduleError(f"{text} means nothing")
        return range(first, last + 1, int(found["step"] or 1))


MINUTE: Final = Field(0, 59, {})
HOUR: Final = Field(0, 23, {})
DAY: Final = Field(1, 31, {})
MONTH: Final = Field(1, 12, MONTHS)
WEEKDAY: Final = Field(1, 7, WEEKDAYS)
YEAR: Final = Field(1970, 2199, {})


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so often, counted from when the rule was made."""

    period: timedelta

    def due(self, before: datetime, until: datetime, born: datetime) -> bool:
        """Whether it is due after `before` and not after `until`."""
        return (until - born) // self.period > max((before - born) // self.period, 0)


@dataclass(frozen=True, slots=True)
class Cron:
    """At the minutes, in UTC, that six fields name."""

    minutes: frozenset[int]
    hours: frozenset[int]
    day: str
    months: frozenset[int]
    weekday: str
    years: frozenset[int]

    def due(self, before: datetime, until: datetime, born: datetime) -> bool:
        """Whether it is due after `before` and not after `until`; never before the rule was made."""
        moment = max(before, born).astimezone(UTC).replace(second=0, microsecond=0)
        while (moment := moment + timedelta(minutes=1)) <= until:
            if self.at(moment):
                return True
        return False

    def at(self, moment: datetime) -> bool:
        """Whether it is due in this minute."""
        return (
            moment.minute in self.minutes
            and moment.hour in self.hours
            and moment.month in self.months
            and moment.year in self.years
            and (_on_weekday(self.weekday, moment) if self.day == "?" else _on_day(self.day, moment))
        )


def parse(expression: str) -> Rate | Cron:
    """The schedule that an expression writes. Raises `ScheduleError`."""
    if found := RATE.fullmatch(expression):
        count = int(found["count"])
        if (count == 1) == bool(found["many"]):
            raise ScheduleError("one is singular, and more are plural")
        return Rate(count * UNITS[found["unit"]])
    if found := CRON.fullmatch(expression):
        minute, hour, day, month, weekday, year = found["fields"].split()
        if (day == "?") == (weekday == "?"):
            raise ScheduleError("one of day of month and day of week is ?, and not both")
        numbers = (MINUTE.numbers(minute), HOUR.numbers(hour), day, MONTH.numbers(month), weekday, YEAR.numbers(year))
        cron = Cron(*numbers)
        probe = datetime(2024, 2, 1, tzinfo=UTC)
        _on_weekday(weekday, probe) if day == "?" else _on_day(day, probe)
        return cron
    raise ScheduleError(f"{expression} is neither rate(…) nor cron(…)")


def _on_day(text: str, moment: datetime) -> bool:
    """Whether the day of the month is one that `text` means: numbers, `L` the last, `15W` the workday nearest."""
    last = calendar.monthrange(moment.year, moment.month)[1]
    if text == "L":
        return moment.day == last
    if found := NEAREST.fullmatch(text):
        return moment.day == _workday(moment, min(DAY.number(found["day"]), last), last)
    return moment.day in DAY.numbers(text)


def _workday(moment: datetime, day: int, last: int) -> int:
    weekday = _weekday(moment.replace(day=day))
    if weekday == SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == SUNDAY:
        return day + 1 if day < last else day - 2
    return day


def _on_weekday(text: str, moment: datetime) -> bool:
    """Whether the day of the week is one that `text` means: numbers, `5L` the month's last, `3#2` its second."""
    last = calendar.monthrange(moment.year, moment.month)[1]
    if text == "L":
        return _weekday(moment) == SATURDAY
    if found := NTH.fullmatch(text):
        nth = (moment.day - 1) // 7 + 1
        return _weekday(moment) == WEEKDAY.number(found["day"]) and nth == int(found["nth"])
    if found := LAST.fullmatch(text):
        return _weekday(moment) == WEEKDAY.number(found["day"]) and moment.day > last - 7
    return _weekday(moment) in WEEKDAY.numbers(text)


def _weekday(moment: datetime) -> int:
    return moment.isoweekday() % 7 + 1
