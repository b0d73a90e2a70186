"""The Amazon States Language, interpreted in a world of values.

https://states-language.net/spec.html
"""

import asyncio
import json

import pytest

from mfinfra.sandbox.machines import definition, interpret, intrinsics, paths
from mfinfra.sandbox.machines.failure import StateError
from mfinfra.sandbox.machines.world import Child, Line

MACHINE = "arn:aws:states:::batch:submitJob.sync"
READ = "arn:aws:states:::s3:getObject"
WRITE = "arn:aws:states:::s3:putObject"


class World:
    """Answers tasks out of a list of results by resource, and remembers what was asked."""

    def __init__(self, **results):
        self.results = {name: [*answers] for name, answers in results.items()}
        self.asked, self.events, self.rested, self.waited = [], [], [], []
        self.written, self.limits, self.ended = {}, None, []
        self.most = self.running = 0

    async def perform(self, resource, parameters, line):
        action = resource.rsplit(":", 1)[-1].removesuffix(".sync")
        self.asked.append((action, parameters))
        if action == "putObject":
            self.written[parameters["Key"]] = json.loads(parameters["Body"])
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            answers = self.results.get(action, [{}])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            await asyncio.sleep(0 if answer != "never" else 3600)
        finally:
            self.running -= 1
        if isinstance(answer, StateError):
            raise answer
        return answer(parameters) if callable(answer) else answer

    async def wait(self, seconds):
        self.waited.append(seconds)

    async def back_off(self, seconds):
        self.rested.append(seconds)

    def now(self):
        return "2026-01-01T00:00:00Z"

    def tell(self, kind, details, previous):
        self.events.append((kind, previous, details))
        return len(self.events)

    def begin(self, label, items, limits):
        self.limits = limits
        return MapRun(self)

    def check(self):
        pass

    @property
    def kinds(self):
        return [kind for kind, _, _ in self.events]


class MapRun:
    arn = "arn:aws:states:us-east-1:123456789012:mapRun:m/label:7"

    def __init__(self, world):
        self.world = world

    async def child(self, processor, value):
        try:
            output = await interpret.run(processor, value, Line(self.world, {"Execution": {"Name": "child"}}))
        except StateError as failure:
            return Child("FAILED", None, {"Input": json.dumps(value), "Error": failure.error})
        return Child("SUCCEEDED", output, {"Input": json.dumps(value), "Output": json.dumps(output)})

    def ended(self, status):
        self.world.ended.append(status)


def run(machine, value=None, world=None):
    world = world or World()
    line = Line(world, {"Execution": {"Name": "run-1", "Input": value}, "StateMachine": {"Name": "m"}})
    return asyncio.run(interpret.run(machine, {} if value is None else value, line))


def only(**state):
    """A machine of one state."""
    return {"StartAt": "only", "States": {"only": {"End": True, **state}}}


def failure(machine, value=None, world=None):
    with pytest.raises(StateError) as caught:
        run(machine, value, world)
    return caught.value


HELD = {"a": {"b": [10, 20, {"c.d": 1}]}, "Parameters": {"metaflow.run_id": "r"}, "JobId": "j"}


# https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", HELD),
        ("$.a.b[1]", 20),
        ("$.a.b[-1]['c.d']", 1),
        ("$['a'].b[0]", 10),
        ("$.a.b[*]", [10, 20, {"c.d": 1}]),
        ("$.a.b[0:2]", [10, 20]),
        ("$.Parameters.['metaflow.run_id']", "r"),
        ("$.['JobId', 'Parameters', 'Index', 'SplitParentTaskId']", {k: HELD[k] for k in ("JobId", "Parameters")}),
        ("$.a.b[*].x", []),
    ],
)
def test_a_path_leads_to_what_it_names(path, found):
    assert paths.select(path, HELD) == found


@pytest.mark.parametrize("path", ["$.x", "$.a.b[3]", "$.JobId.x", "$.a[0]"])
def test_a_path_to_one_place_must_lead_there(path):
    with pytest.raises(paths.NotThere):
        paths.select(path, HELD)


@pytest.mark.parametrize("path", ["a", "$a b", "$.a[", "$..a", "$.a[?(@.b)]", "$.a['b"])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(paths.PathError):
        paths.parse(path)


@pytest.mark.parametrize(
    ("path", "into", "whole"),
    [
        ("$", {"a": 1}, "new"),
        ("$.b", {"a": 1}, {"a": 1, "b": "new"}),
        ("$.b.c", {"a": 1}, {"a": 1, "b": {"c": "new"}}),
        ("$.a[0]", {"a": [1, 2]}, {"a": ["new", 2]}),
    ],
)
def test_a_result_is_put_where_its_path_leads(path, into, whole):
    before = json.dumps(into)
    assert paths.put(path, "new", into) == whole
    assert json.dumps(into) == before


# https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("States.Format('Hello {}, you are {}', $.name, 3)", "Hello Ada, you are 3"),
        (r"States.Format('it\'s {}', $.name)", "it's Ada"),
        ("States.StringToJson($.text)", {"a": [1]}),
        ("States.JsonToString($.list)", "[1,2,3,2]"),
        ("States.Array(1, 'b', $.name, null)", [1, "b", "Ada", None]),
        ("States.ArrayPartition($.list, 3)", [[1, 2, 3], [2]]),
        ("States.ArrayContains($.list, 3)", True),
        ("States.ArrayRange(1, 9, 4)", [1, 5, 9]),
        ("States.ArrayGetItem($.list, 1)", 2),
        ("States.ArrayLength($.list)", 4),
        ("States.ArrayUnique($.list)", [1, 2, 3]),
        ("States.Base64Encode('Data')", "RGF0YQ=="),
        ("States.Base64Decode('RGF0YQ==')", "Data"),
        ("States.Hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("States.JsonMerge($.one, $.two, false)", {"a": 1, "b": 3}),
        ("States.MathAdd(1, -3)", -2),
        ("States.StringSplit('1.2;3', '.;')", ["1", "2", "3"]),
        ("States.ArrayGetItem(States.StringSplit('a b', ' '), 1)", "b"),
    ],
)
def test_an_intrinsic_function_gives_what_its_page_says(text, value):
    held = {"name": "Ada", "text": '{"a": [1]}', "list": [1, 2, 3, 2], "one": {"a": 1, "b": 2}, "two": {"b": 3}}
    assert intrinsics.evaluate(text, lambda path: paths.select(path, held)) == value


@pytest.mark.parametrize(
    "text",
    [
        "States.StringToJson('{')",
        "States.ArrayGetItem(States.Array(1), 5)",
        "States.Missing()",
        "States.Array(1",
        "States.Array(1) 2",
        "States.Format('{}', 1, 2)",
        "States.JsonMerge($, $, true)",
    ],
)
def test_a_call_that_cannot_be_evaluated_fails_the_state(text):
    with pytest.raises(StateError) as caught:
        intrinsics.evaluate(text, lambda _: {})
    assert caught.value.error == "States.IntrinsicFailure"


# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
@pytest.mark.parametrize(
    ("state", "output"),
    [
        ({}, {"a": 1, "b": {"c": 2}}),
        ({"InputPath": "$.b"}, {"c": 2}),
        ({"InputPath": None}, {}),
        ({"OutputPath": "$.a"}, 1),
        ({"OutputPath": None}, {}),
        ({"Result": 5}, 5),
        ({"Result": 5, "ResultPath": "$.b.d"}, {"a": 1, "b": {"c": 2, "d": 5}}),
        ({"Result": 5, "ResultPath": None}, {"a": 1, "b": {"c": 2}}),
        ({"Parameters": {"x.$": "$.b.c", "y": [{"z.$": "$$.Execution.Name"}]}}, {"x": 2, "y": [{"z": "run-1"}]}),
        ({"InputPath": "$.b", "ResultPath": "$.d", "Result": 1}, {"c": 2, "d": 1}),
    ],
)
def test_a_pass_makes_of_its_input_what_its_fields_say(state, output):
    assert run(only(Type="Pass", **state), {"a": 1, "b": {"c": 2}}) == output


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ({"InputPath": "$.x"}, "States.Runtime"),
        ({"Parameters": {"x.$": "$.x"}}, "States.ParameterPathFailure"),
        ({"Result": 1, "ResultPath": "$.a.b"}, "States.ResultPathMatchFailure"),
        ({"Parameters": {"x.$": "States.StringToJson($.a)"}}, "States.IntrinsicFailure"),
    ],
)
def test_a_path_that_leads_nowhere_fails_the_state(state, error):
    assert failure(only(Type="Pass", **state), {"a": 1}).error == error


def test_a_runtime_error_names_the_state_and_its_event():
    cause = failure(only(Type="Pass", InputPath="$.x"), {"a": 1}).cause
    assert cause.startswith("An error occurred while executing the state 'only' (entered at the event id #1).")
    assert "The JSONPath '$.x' specified for the field 'InputPath' could not be found in the input" in cause


def test_states_follow_one_another():
    machine = {
        "StartAt": "a",
        "States": {
            "a": {"Type": "Pass", "Result": 1, "Next": "b"},
            "b": {"Type": "Wait", "Seconds": 5, "Next": "c"},
            "c": {"Type": "Succeed"},
        },
    }
    world = World()
    assert run(machine, world=world) == 1
    assert world.waited == [5.0]
    entered = [details["name"] for kind, _, details in world.events if kind.endswith("StateEntered")]
    assert entered == ["a", "b", "c"]


def test_a_fail_fails_with_its_words():
    found = failure(
        {"StartAt": "f", "States": {"f": {"Type": "Fail", "Error": "Mine", "CausePath": "$.why"}}}, {"why": "x"}
    )
    assert (found.error, found.cause) == ("Mine", "x")


# https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ({"Variable": "$.n", "NumericEquals": 3}, True),
        ({"Variable": "$.n", "NumericGreaterThanEquals": 4}, False),
        ({"Variable": "$.n", "NumericLessThanPath": "$.m"}, True),
        ({"Variable": "$.n", "StringEquals": "3"}, False),
        ({"Variable": "$.s", "StringMatches": "log-*.txt"}, True),
        ({"Variable": "$.s", "StringMatches": r"log-\*.txt"}, False),
        ({"Variable": "$.s", "StringLessThan": "m"}, True),
        ({"Variable": "$.t", "TimestampLessThan": "2026-01-02T00:00:00Z"}, True),
        ({"Variable": "$.yes", "BooleanEquals": True}, True),
        ({"Variable": "$.none", "IsNull": True}, True),
        ({"Variable": "$.gone", "IsPresent": False}, True),
        ({"Variable": "$.n", "IsNumeric": False}, False),
        ({"Not": {"Variable": "$.yes", "BooleanEquals": True}}, False),
        ({"And": [{"Variable": "$.n", "IsNumeric": True}, {"Variable": "$.s", "IsString": True}]}, True),
        ({"Or": [{"Variable": "$.n", "IsString": True}, {"Variable": "$.s", "IsNull": True}]}, False),
    ],
)
def test_a_choice_goes_where_a_rule_holds(rule, holds):
    value = {"n": 3, "m": 4, "s": "log-7.txt", "t": "2026-01-01T00:00:00Z", "yes": True, "none": None}
    machine = {
        "StartAt": "c",
        "States": {
            "c": {"Type": "Choice", "Choices": [{**rule, "Next": "yes"}], "Default": "no"},
            "yes": {"Type": "Pass", "Result": True, "End": True},
            "no": {"Type": "Pass", "Result": False, "End": True},
        },
    }
    assert run(machine, value) is holds


def test_a_choice_without_a_way_fails():
    machine = {"StartAt": "c", "States": {"c": {"Type": "Choice", "Choices": []}}}
    assert failure(machine).error == "States.NoChoiceMatched"


def test_a_task_selects_of_its_result_and_keeps_its_input():
    state = {"Resource": MACHINE, "Parameters": {"Name.$": "$.n"}, "ResultSelector": {"id.$": "$.JobId"}}
    world = World(submitJob=[{"JobId": "j", "More": 1}])
    assert run(only(Type="Task", ResultPath="$.job", **state), {"n": "x"}, world) == {"n": "x", "job": {"id": "j"}}
    assert world.asked == [("submitJob", {"Name": "x"})]


def test_the_output_of_a_job_is_narrowed_as_metaflow_writes_it():
    state = {"Resource": MACHINE, "OutputPath": "$.['JobId', 'Parameters', 'Index', 'SplitParentTaskId']"}
    world = World(submitJob=[{"JobId": "j", "Parameters": {"step_name": "start"}, "Status": "SUCCEEDED"}])
    assert run(only(Type="Task", **state), world=world) == {"JobId": "j", "Parameters": {"step_name": "start"}}


# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
SLOW = {"ErrorEquals": ["Batch.AWSBatchException"], "IntervalSeconds": 2, "BackoffRate": 2, "MaxAttempts": 3}


@pytest.mark.parametrize(
    ("retry", "errors", "rested"),
    [
        (SLOW, ["Batch.AWSBatchException"] * 2, [2, 4]),
        ({**SLOW, "MaxDelaySeconds": 3}, ["Batch.AWSBatchException"] * 3, [2, 3, 3]),
        ({"ErrorEquals": ["States.ALL"]}, ["a", "b", "c"], [1, 2, 4]),
        ({"ErrorEquals": ["States.TaskFailed"], "BackoffRate": 1}, ["a"], [1]),
    ],
)
def test_a_task_is_tried_again_as_its_retrier_says(retry, errors, rested):
    world = World(submitJob=[*(StateError(error, "") for error in errors), "done"])
    assert run(only(Type="Task", Resource=MACHINE, Retry=[retry]), world=world) == "done"
    assert world.rested == rested


def test_full_jitter_waits_no_longer_than_the_interval():
    world = World(submitJob=[StateError("a", ""), StateError("a", ""), "done"])
    retry = {"ErrorEquals": ["a"], "JitterStrategy": "FULL"}
    run(only(Type="Task", Resource=MACHINE, Retry=[retry]), world=world)
    assert all(0 <= rest <= limit for rest, limit in zip(world.rested, (1, 2), strict=True))


@pytest.mark.parametrize(
    ("names", "error", "tries"),
    [
        (["States.ALL"], "any", 4),
        (["States.ALL"], "States.Runtime", 1),
        (["States.TaskFailed"], "States.Timeout", 1),
        (["other"], "any", 1),
    ],
)
def test_what_no_retrier_takes_fails(names, error, tries):
    world = World(submitJob=[StateError(error, "why")])
    machine = only(Type="Task", Resource=MACHINE, Retry=[{"ErrorEquals": names}])
    assert failure(machine, world=world).error == error
    assert len(world.asked) == tries


def test_a_catcher_takes_the_error_to_another_state():
    machine = {
        "StartAt": "t",
        "States": {
            "t": {
                "Type": "Task",
                "Resource": MACHINE,
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "c"}],
                "End": True,
            },
            "c": {"Type": "Pass", "End": True},
        },
    }
    world = World(submitJob=[StateError("a", "b")])
    assert run(machine, {"x": 1}, world) == {"x": 1, "e": {"Error": "a", "Cause": "b"}}


def test_a_task_that_takes_too_long_times_out():
    world = World(submitJob=["never"])
    machine = only(Type="Task", Resource=MACHINE, TimeoutSeconds=0.01)
    assert failure(machine, world=world).error == "States.Timeout"
    about = {"resourceType": "batch", "resource": "submitJob.sync", "error": "States.Timeout"}
    assert world.events[-1] == ("TaskTimedOut", 1, about)


def branch(**state):
    return {"StartAt": "b", "States": {"b": {"End": True, **state}}}


def test_branches_run_side_by_side_and_give_a_list():
    world = World(submitJob=[1, 2])
    branches = [branch(Type="Task", Resource=MACHINE), branch(Type="Task", Resource=MACHINE)]
    assert run(only(Type="Parallel", Branches=branches), world=world) == [1, 2]
    assert world.most == 2


def test_a_branch_that_fails_ends_the_others():
    world = World(submitJob=["never"], getItem=[StateError("a", "why")])
    branches = [
        branch(Type="Task", Resource=MACHINE),
        branch(Type="Task", Resource="arn:aws:states:::dynamodb:getItem"),
    ]
    assert failure(only(Type="Parallel", Branches=branches), world=world).error == "a"
    assert world.running == 0
    assert "ParallelStateFailed" in world.kinds


# https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
def mapping(**more):
    task = branch(Type="Task", Resource=MACHINE)
    return only(Type="Map", ItemsPath="$.items", Iterator=task, **more)


def test_a_map_gives_what_its_items_give_in_their_order():
    template = {"Index.$": "$$.Map.Item.Index", "Value.$": "$$.Map.Item.Value", "All.$": "$.n"}
    world = World(submitJob=[lambda given: given])
    output = run(mapping(Parameters=template), {"items": ["a", "b"], "n": 7}, world)
    assert output == [{"Index": 0, "Value": "a", "All": 7}, {"Index": 1, "Value": "b", "All": 7}]


@pytest.mark.parametrize(("asked", "at_once"), [(2, 2), (0, 40), (100, 40)])
def test_a_map_runs_as_many_at_once_as_it_may(asked, at_once):
    world = World(submitJob=[1])
    run(mapping(MaxConcurrency=asked), {"items": [*range(60)]}, world)
    assert world.most == at_once


def test_an_item_that_fails_fails_the_map():
    world = World(submitJob=[StateError("a", "why")])
    assert failure(mapping(), {"items": [1, 2]}, world).error == "a"
    assert {"MapIterationFailed", "MapStateFailed"} <= set(world.kinds)


def test_a_map_wants_an_array():
    assert "must point to array" in failure(mapping(), {"items": 5}).cause


def test_the_first_of_the_outputs_is_taken_as_metaflow_writes_it():
    world = World(submitJob=[{"JobId": "1"}, {"JobId": "2"}])
    assert run(mapping(OutputPath="$.[0]"), {"items": [1, 2]}, world) == {"JobId": "1"}


# https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
def distributed(**more):
    task = {**branch(Type="Task", Resource=MACHINE), "ProcessorConfig": {"Mode": "DISTRIBUTED"}}
    return only(Type="Map", ItemsPath="$.items", ItemProcessor=task, **more)


def test_a_distributed_map_writes_what_its_children_gave():
    writer = {"Resource": WRITE, "Parameters": {"Bucket": "b", "Prefix": "p/q"}}
    world = World(submitJob=[1, 2])
    output = run(distributed(ResultWriter=writer, MaxConcurrency=5), {"items": ["x", "y"]}, world)
    details = {"Bucket": "b", "Key": "p/q/7/manifest.json"}
    assert output == {"MapRunArn": MapRun.arn, "ResultWriterDetails": details}
    manifest = world.written["p/q/7/manifest.json"]
    (succeeded,) = manifest["ResultFiles"]["SUCCEEDED"]
    assert (manifest["DestinationBucket"], succeeded["Key"]) == ("b", "p/q/7/SUCCEEDED_0.json")
    assert world.written["p/q/7/SUCCEEDED_0.json"] == [
        {"Input": '"x"', "Output": "1"},
        {"Input": '"y"', "Output": "2"},
    ]
    assert (world.limits.at_once, world.ended) == (5, ["SUCCEEDED"])


def test_a_distributed_map_without_a_writer_gives_the_outputs():
    assert run(distributed(), {"items": ["x", "y"]}, World(submitJob=[1, 2])) == [1, 2]


@pytest.mark.parametrize(
    ("limit", "failed"),
    [({}, True), ({"ToleratedFailureCount": 1}, False), ({"ToleratedFailurePercentage": 49}, True)],
)
def test_children_may_fail_as_far_as_is_tolerated(limit, failed):
    world = World(submitJob=[StateError("a", "why"), 2])
    if failed:
        assert failure(distributed(**limit), {"items": [1, 2]}, world).error == "States.ExceedToleratedFailureThreshold"
        assert world.ended == ["FAILED"]
    else:
        assert run(distributed(**limit), {"items": [1, 2]}, world) == [2]


@pytest.mark.parametrize(
    ("body", "items"),
    [("[1, 2, 3]", [1]), ('{"a": 5}', [{"Key": "a", "Value": 5}])],
)
def test_items_are_read_from_a_file(body, items):
    reader = {
        "Resource": READ,
        "ReaderConfig": {"InputType": "JSON", "MaxItems": 1},
        "Parameters": {"Bucket.$": "$.b", "Key": "k"},
    }
    world = World(getObject=[{"Body": body}], submitJob=[lambda given: given])
    assert run(distributed(ItemReader=reader), {"b": "bucket"}, world) == items
    assert world.asked[0] == ("getObject", {"Bucket": "bucket", "Key": "k"})


@pytest.mark.parametrize("answer", [{"Body": "{"}, {"Body": "5"}, StateError("S3.NoSuchKeyException", "gone")])
def test_a_file_that_cannot_be_read_fails_the_map(answer):
    reader = {"Resource": READ, "ReaderConfig": {"InputType": "JSON"}, "Parameters": {"Bucket": "b", "Key": "k"}}
    assert failure(distributed(ItemReader=reader), {}, World(getObject=[answer])).error == "States.ItemReaderFailed"


def test_a_machine_in_another_query_language_is_refused():
    machine = {**only(Type="Pass"), "QueryLanguage": "JSONata"}
    assert "JSONPath only" in failure(machine).cause


@pytest.mark.parametrize("rule", [{}, {"Variable": "$.x"}, {"IsPresent": True}])
def test_a_rule_without_a_comparison_fails(rule):
    machine = {"StartAt": "c", "States": {"c": {"Type": "Choice", "Choices": [{**rule, "Next": "c"}]}}}
    assert failure(machine).error == "States.Runtime"


def test_an_output_that_is_too_long_is_refused():
    assert failure(only(Type="Pass", Result="x" * 262_145)).error == "States.DataLimitExceeded"


GOOD = {"Type": "Pass", "End": True}


# https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
@pytest.mark.parametrize(
    ("machine", "problem"),
    [
        ("{", "INVALID_JSON_DESCRIPTION: "),
        ("[]", "SCHEMA_VALIDATION_FAILED: The definition must be an object at /"),
        ({"States": {"a": GOOD}}, "SCHEMA_VALIDATION_FAILED: These fields are required: [StartAt] at /"),
        ({"StartAt": "b", "States": {"a": GOOD}}, "MISSING_TRANSITION_TARGET: Missing 'Next' target: b at /StartAt"),
        (
            {"StartAt": "a", "States": {"a": {"Type": "Pass", "Next": "b"}}},
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: b at /States/a/Next",
        ),
        (only(Type="Pas"), "should have one of these values"),
        (only(Type="Task"), "These fields are required: [Resource] at /States/only"),
        (only(Type="Task", Resource="batch"), "Value is not a valid resource ARN at /States/only/Resource"),
        (only(Type="Pass", Next="only"), "A state has one of the fields 'Next' and 'End'"),
        (only(Type="Pass", OutputPath="x"), "Value is not a valid JSONPath at /States/only/OutputPath"),
        (only(Type="Pass", Parameters={"a.$": 5}), "The value for the field 'a.$' must be a valid JSONPath"),
        (only(Type="Map"), "These fields are required: [ItemProcessor] at /States/only"),
        (mapping(ResultWriter={}), "Field is not supported for a Map in INLINE mode: ResultWriter"),
        (
            only(Type="Parallel", Branches=[{"StartAt": "x", "States": {"a": GOOD}}]),
            "target: x at /States/only/Branches[0]/StartAt",
        ),
        ("[" * 100_000, "INVALID_JSON_DESCRIPTION: "),
        (only(Type="Task", Resource=1), "Expected value of type String at /States/only/Resource"),
        (only(Type="Pass", Retry=[1]), "Expected value of type Array of Objects at /States/only/Retry"),
        (only(Type="Parallel", Branches=5), "Expected value of type Array of Objects at /States/only/Branches"),
        (only(Type="Map", ItemProcessor=1), "Expected value of type Object at /States/only/ItemProcessor"),
        (mapping(MaxConcurrency=-1), "Expected value of type Integer, and none below 0 at /States/only/MaxConcurrency"),
        (only(Type="Wait"), "One of these fields is required: [Seconds, SecondsPath, Timestamp, TimestampPath]"),
    ],
)
def test_what_is_no_definition_is_told(machine, problem):
    (found,) = definition.problems(machine if isinstance(machine, str) else json.dumps(machine))
    assert problem in found


@pytest.mark.parametrize("machine", [only(**GOOD), mapping(), distributed(ResultWriter={"Resource": WRITE})])
def test_a_definition_is_taken(machine):
    assert definition.problems(json.dumps(machine)) == []
