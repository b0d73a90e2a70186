"""When rules are due.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from datetime import UTC, datetime, timedelta

import pytest

from mfinfra.sandbox import schedules

BORN = datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC)


def due(expression, moment, minutes=1, born=BORN):
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return schedules.parse(expression).due(at - timedelta(minutes=minutes), at, born)


@pytest.mark.parametrize(
    ("expression", "moments", "others"),
    [
        ("cron(0 * * * ? *)", ["2026-03-01 05:00"], ["2026-03-01 05:01"]),
        ("cron(0 10 * * ? *)", ["2026-03-01 10:00"], ["2026-03-01 11:00"]),
        ("cron(15 12 ? * MON-FRI *)", ["2026-03-02 12:15"], ["2026-03-01 12:15", "2026-03-02 12:16"]),
        ("cron(0/10 * ? * mon *)", ["2026-03-02 12:20"], ["2026-03-02 12:25"]),
        ("cron(0 0 ? * 1 *)", ["2026-03-01 00:00"], ["2026-03-02 00:00"]),
        ("cron(0 8 1 * ? *)", ["2026-03-01 08:00"], ["2026-03-02 08:00"]),
        ("cron(0 0 L * ? *)", ["2028-02-29 00:00", "2026-02-28 00:00"], ["2028-02-28 00:00"]),
        ("cron(0 0 15W * ? *)", ["2026-08-14 00:00", "2026-11-16 00:00"], ["2026-08-15 00:00", "2026-11-15 00:00"]),
        ("cron(0 0 1W * ? *)", ["2026-08-03 00:00"], ["2026-08-01 00:00", "2026-07-31 00:00"]),
        ("cron(0 0 ? * 3#2 *)", ["2026-03-10 00:00"], ["2026-03-03 00:00", "2026-03-17 00:00"]),
        ("cron(0 0 ? * 6L *)", ["2026-03-27 00:00"], ["2026-03-20 00:00"]),
        ("cron(0,30 0 ? JAN,DEC * 2026-2027)", ["2026-12-05 00:30"], ["2026-11-05 00:30", "2028-12-05 00:30"]),
        ("rate(5 minutes)", ["2026-01-01 00:06", "2026-01-01 00:11"], ["2026-01-01 00:05", "2026-01-01 00:07"]),
        ("rate(1 hour)", ["2026-01-01 01:01"], ["2026-01-01 00:30", "2026-01-01 00:00"]),
        ("rate(2 days)", ["2026-01-03 00:01"], ["2026-01-02 00:01"]),
    ],
)
def test_a_schedule_is_due_when_its_expression_says(expression, moments, others):
    assert [due(expression, moment) for moment in moments] == [True] * len(moments)
    assert [due(expression, moment) for moment in others] == [False] * len(others)


def test_what_fell_into_a_pause_is_due_once_behind_it():
    assert due("cron(0 10 * * ? *)", "2026-03-01 10:30", minutes=60)


def test_nothing_is_due_before_its_rule_was_made():
    assert not due("cron(0 10 * * ? *)", "2026-03-01 10:30", minutes=60, born=datetime(2026, 3, 1, 10, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    "expression",
    [
        "0 * * * ? *",
        "cron(0 * * * ?)",
        "cron(0 * * * * *)",
        "cron(0 * ? * ? *)",
        "cron(60 * * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 0 32 * ? *)",
        "cron(0 0 0 * ? *)",
        "cron(0 0 ? * 8 *)",
        "cron(0 0 ? * SUNDAY *)",
        "cron(0 0 ? * 2#6 *)",
        "cron(0 0 1 13 ? *)",
        "cron(0 0 1 1 ? 1969)",
        "cron(5-1 * * * ? *)",
        "cron(0/0 * * * ? *)",
        "cron(a * * * ? *)",
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(5 weeks)",
        "rate(5)",
    ],
)
def test_what_is_no_schedule_is_refused(expression):
    with pytest.raises(schedules.ScheduleError):
        schedules.parse(expression)
