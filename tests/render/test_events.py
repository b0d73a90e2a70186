"""The stream of events: every line by its schema, and the lines of one run as their golden file has them."""

import io
import itertools
import json
import threading
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render import plans
from render.frozen import compare
from stack import environment

from mfinfra import schemas
from mfinfra.errors import AwsError, Incomplete, InvalidDocument, Locked, Problem, Refused, Stale, UserError
from mfinfra.model import Action, Address, Call, Called, Done, Failed, Skipped, Started, Waiting
from mfinfra.render import events, report

SCHEMA = jsonschema.Draft202012Validator(schemas.load("events"))
ROLE, CPU, QUEUE = Address("role", "instance"), Address("compute_environment", "cpu"), Address("job_queue", "q")
DENIED = AwsError(
    "no\n::error::way",
    service="batch",
    operation="CreateComputeEnvironment",
    aws_code="ClientException",
    request_id="r-1",
    hint="mend it\nor leave it",
)
CREATE = Call("iam", "CreateRole", {"RoleName": "x", "Description": "parameters stay in the plan"})
HAPPENED = (
    Started(ROLE, Action.CREATE),
    Called(ROLE, CREATE, "r-0"),
    Waiting(ROLE, "IAM is making the role known", 2.04),
    Waiting(ROLE, "IAM is making the role known", 4.1),
    Done(ROLE, Action.CREATE, 12.34),
    Started(CPU, Action.REPLACE),
    Failed(CPU, Action.REPLACE, DENIED),
    Skipped(QUEUE, Action.ADOPT_UPDATE, "`compute_environment.cpu` was not finished"),
)
INVALID = InvalidDocument(
    [
        Problem(
            "no such field",
            "prod.yaml",
            3,
            5,
            "bucket.a.nmae",
            "did you mean `name`",
            "    nmae: x",
            code="MF1010",
        ),
        Problem("not UTF-8", "prod.yaml", code="MF1002"),
    ]
)


class Told(list):
    """Collects lines; each is whole, ends in one line break, and keeps to the schema."""

    def __call__(self, text):
        assert text.endswith("\n")
        assert text.isascii()
        assert text.count("\n") == 1
        line = json.loads(text)
        SCHEMA.validate(line)
        self.append(line)

    @property
    def types(self):
        return [line["type"] for line in self]


def stream(told, **parts):
    ticks = (datetime(2026, 10, 20, 10, 0, tzinfo=UTC) + timedelta(milliseconds=250 * n) for n in itertools.count())
    return events.Stream([told], clock=lambda: next(ticks), **parts)


def tally(happened):
    found = report.Tally()
    for event in happened:
        found.take(event)
    return found


def whole(document, happened=HAPPENED):
    told = Told()
    run = stream(told)
    run.plan(document)
    run.lock_wait("waiting for the lock of `prod`: ann@ci has it, until 10:05")
    run.notice("took over the lock of `prod`")
    run.warning("`AWS_ENDPOINT_URL` is set", "unset it")
    for event in happened:
        run.take(event)
    run.error(Incomplete("stopped part-way", hint="go on", code="MF4207"))
    run.end(6, tally(happened), 75.0)
    return told


def test_a_run_reads_as_its_golden_file(monkeypatch):
    monkeypatch.setattr(events, "__version__", "1.2.3")
    told = whole(plans.everything())
    compare("events.ndjson", "".join(json.dumps(line, sort_keys=True) + "\n" for line in told))


def test_the_first_line_is_the_version_and_the_last_the_summary():
    told = whole(plans.document(plans.created()))
    assert (told[0]["type"], told[0]["format_version"], told[0]["command"]) == ("version", "1.0", "apply")
    assert told.types.count("version") == 1
    assert told.types[-1] == "apply_summary"
    assert told[-1]["counts"] == {"done": 1, "failed": 1, "skipped": 1, "calls": 1}
    assert {word: count for word, count in told[-1]["changes"].items() if count} == {"create": 1}


def test_a_stream_that_is_only_ended_has_a_version_too():
    told = Told()
    stream(told, command="destroy").end(5)
    assert told.types == ["version", "apply_summary"]
    assert (told[0]["command"], told[1]["result"], told[1]["exit_code"]) == ("destroy", "locked", 5)


def test_each_change_has_a_line_before_the_counts_and_what_stays_has_none():
    told = Told()
    stream(told).plan(plans.everything())
    changes = {line["change"]["address"]: line["change"] for line in told if line["type"] == "planned_change"}
    assert "job_queue.default" not in changes
    assert len(changes) == 6
    assert changes["log_group.flows"]["actions"] == ["delete", "create"]
    assert changes["log_group.old"]["blocked"] == {**plans.BLOCK, "lifted_by": None}
    assert told.types[-1] == "change_summary"
    assert told[-1]["changes"]["replace"] == 2
    assert told[-1]["environment"] == {"name": "prod", "account": "123456789012", "region": "us-east-1"}


def test_checks_that_do_not_pass_are_diagnostics():
    told = Told()
    stream(told).plan(plans.everything())
    found = [(line["diagnostic"]["code"], line["@level"]) for line in told if line["type"] == "diagnostic"]
    assert found == [("MF2000", "warn"), ("MF4103", "error")]


def test_a_call_is_told_with_its_request_and_without_its_parameters():
    (call,) = [line for line in whole(plans.document()) if line["type"] == "apply_call"]
    assert (call["service"], call["operation"], call["request_id"]) == ("iam", "CreateRole", "r-0")
    assert "parameters" not in json.dumps(call)


def test_a_failure_is_told_with_what_aws_needs_to_find_it():
    (failed,) = [line for line in whole(plans.document()) if line["type"] == "apply_errored"]
    told = {name: value for name, value in failed.items() if not name.startswith("@")}
    assert told == {
        "type": "apply_errored",
        "address": "compute_environment.cpu",
        "action": "replace",
        "summary": "no\n\\u003a:error::way",
        "code": "MF3000",
        "hint": "mend it\nor leave it",
        "service": "batch",
        "operation": "CreateComputeEnvironment",
        "aws_code": "ClientException",
        "request_id": "r-1",
    }


def test_a_wait_is_told_again_each_time_that_it_goes_on():
    waits = [line["seconds"] for line in whole(plans.document()) if line["type"] == "apply_progress"]
    assert waits == [2.0, 4.1]


@pytest.mark.parametrize("error", [KeyError("x"), UserError("y"), SystemExit(3), DENIED])
def test_whatever_ends_a_command_is_one_diagnostic(error):
    told = Told()
    stream(told).error(error)
    assert told.types == ["version", "diagnostic"]
    assert told[1]["diagnostic"]["severity"] == "error"


def test_each_problem_of_the_file_is_a_diagnostic_with_its_place():
    told = Told()
    stream(told).error(INVALID)
    first, second = (line["diagnostic"] for line in told[1:])
    assert first["range"] == {"file": "prod.yaml", "start": {"line": 3, "column": 5}}
    assert (first["address"], first["snippet"], first["hint"]) == (
        "bucket.a.nmae",
        "    nmae: x",
        "did you mean `name`",
    )
    assert (second["range"], second["code"]) == (None, "MF1002")


@pytest.mark.parametrize(
    ("code", "happened", "word"),
    [
        (0, HAPPENED[:5], "complete"),
        (0, (), "unchanged"),
        (1, HAPPENED[5:], "failed"),
        (Refused("x").exit_code, (), "refused"),
        (Stale("x").exit_code, (), "stale"),
        (Locked("x").exit_code, (), "locked"),
        (Incomplete("x").exit_code, HAPPENED, "incomplete"),
        (70, (), "failed"),
        (130, HAPPENED, "interrupted"),
        (143, HAPPENED, "interrupted"),
    ],
)
def test_the_summary_says_in_a_word_what_the_exit_code_means(code, happened, word):
    told = Told()
    stream(told).end(code, tally(happened))
    assert (told[-1]["result"], told[-1]["exit_code"]) == (word, code)
    assert told[-1]["@level"] == ("info" if code == 0 else "error")


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line.update(type="apply_finish"),
        lambda line: line.update(more=1),
        lambda line: line.pop("@timestamp"),
        lambda line: line.pop("address"),
        lambda line: line.update({"@timestamp": "2026-10-20 10:00"}),
        lambda line: line.update({"@message": "two\nlines"}),
        lambda line: line.update(action="explode"),
    ],
)
def test_the_schema_refuses_a_line_that_is_no_event(damage):
    told = Told()
    stream(told).take(HAPPENED[0])
    damage(told[1])
    with pytest.raises(jsonschema.ValidationError):
        SCHEMA.validate(told[1])


def test_every_type_of_the_schema_is_told_and_every_one_told_is_in_the_schema():
    known = {row["$ref"].rpartition("/")[2] for row in schemas.load("events")["oneOf"]}
    assert set(whole(plans.everything()).types) == known
    for name in known:
        definition = schemas.load("events")["$defs"][name]
        assert definition["unevaluatedProperties"] is False
        assert definition["description"]


def test_the_actions_of_the_schema_are_those_of_the_model():
    assert set(schemas.load("events")["$defs"]["action"]["enum"]) == set(events.WORDS.values())
    assert set(events.WORDS) == set(Action)


def test_no_hostile_value_is_an_order_to_whoever_prints_it():
    told = Told()
    run = stream(told)
    run.plan(plans.hostile())
    run.take(Waiting(Address("role", plans.EVIL), plans.EVIL, 1.0))
    for text in _texts(told):
        assert all(char.isprintable() or char == "\n" for char in text)
        assert "##[" not in text
        assert not [line for line in text.split("\n") if line.lstrip().startswith("::")]


@settings(max_examples=60)
@given(st.text(), st.text(), st.text(min_size=1))
def test_whatever_is_told_is_one_line_by_the_schema(said, hint, name):
    told = Told()
    run = stream(told)
    run.notice(said)
    run.warning(said, hint)
    run.take(Waiting(Address("role", name), said, 0.0))
    run.take(Failed(Address("role", name), Action.CREATE, UserError(said, hint=hint, code=name)))
    run.error(InvalidDocument([Problem(said, name, 1, 0, hint, hint, said)]))
    assert len(told) == 6


def test_lines_of_several_threads_do_not_mix():
    written = []

    def write(text):
        written.extend(text)  # a character at a time

    run = events.Stream([write])
    start = threading.Barrier(8)

    def tell(number):
        start.wait()
        for _ in range(50):
            run.notice(f"{number}" * 100)

    threads = [threading.Thread(target=tell, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = [json.loads(line) for line in "".join(written).splitlines()]
    assert len(lines) == 401
    assert [line["type"] for line in lines].index("version") == 0
    assert [line["@timestamp"] for line in lines] == sorted(line["@timestamp"] for line in lines)


def test_every_writer_gets_every_line_and_without_any_a_stream_is_silent():
    one, other = io.StringIO(), io.StringIO()
    events.Stream([one.write, other.write]).end(0)
    assert one.getvalue() == other.getvalue()
    assert len(one.getvalue().splitlines()) == 2
    events.Stream([]).end(0)


def _texts(value):
    match value:
        case str():
            yield value
        case dict():
            yield from itertools.chain.from_iterable(map(_texts, value.values()))
        case list():
            yield from itertools.chain.from_iterable(map(_texts, value))


@pytest.mark.slow
def test_a_real_run_is_told_by_the_schema_and_its_counts_are_those_of_its_lines(stack):
    groups = {name: {"name": f"/aws/vendedlogs/{name}"} for name in ("flows", "jobs")}
    told, seen = Told(), report.Tally()
    run = stream(told)
    reviewed = stack.plan(environment({"log_group": groups}))
    run.plan(reviewed.document)
    for event in reviewed.apply().events():
        run.take(event)
        seen.take(event)
    run.end(0, seen, 1.0)
    assert told.types[0] == "version"
    assert (
        told.types.count("planned_change") == told.types.count("apply_start") == told.types.count("apply_complete") == 2
    )
    assert told.types.count("apply_call") == told[-1]["counts"]["calls"] > 0
    assert (told[-1]["result"], told[-1]["changes"]["create"]) == ("complete", 2)
