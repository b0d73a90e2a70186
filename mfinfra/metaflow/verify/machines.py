"""What state machines need beside their role: the table of a `foreach`, and the log group of their history."""

from __future__ import annotations

from collections.abc import Iterator

from mfinfra.metaflow.parts import Part
from mfinfra.metaflow.verify.subject import Asking, Subject, failed, name_of, passed, warned
from mfinfra.model import Call, Check, Document, Finding

GROUP = "Step Functions"
KEY = "pathspec"
TTL = "ttl"
TTL_ON = ("ENABLED", "ENABLING")


def checks(subject: Subject) -> tuple[Check, ...]:
    """The checks of this group, for what the environment names."""
    found = []
    if table := subject.parts.table:
        found.append(Check("sfn.table", GROUP, "the table of a foreach", lambda: _table(subject, table)))
        found.append(
            Check(
                "sfn.ttl",
                GROUP,
                "the expiry of its rows",
                lambda: _expiry(subject, table),
                ("sfn.table",),
            )
        )
    if group := subject.parts.log_group:
        found.append(Check("sfn.log_group", GROUP, "the log group of executions", lambda: _logs(subject, group)))
    return tuple(found)


def _table(subject: Subject, part: Part) -> Asking[tuple[Finding, ...]]:
    call = Call("dynamodb", "DescribeTable", {"TableName": part.name}, absent=("ResourceNotFoundException",))
    answer = yield call
    if answer is None:
        fix = f"mfinfra apply {subject.file}"
        return (failed(name_of(part), f"there is no table `{part.name}`", "MF5150", fix=fix),)
    found = tuple(_schema(subject, part, answer["Table"]))
    return found or (passed(name_of(part), f"ACTIVE, its key is `{KEY}`"),)


def _schema(subject: Subject, part: Part, table: Document) -> Iterator[Finding]:
    name, status = name_of(part), table["TableStatus"]
    if status in ("CREATING", "UPDATING"):
        yield warned(name, f"the table is {status}", "MF5151", fix="wait, and verify again")
    elif status != "ACTIVE":
        yield failed(name, f"the table is {status}", "MF5151", fix=subject.fix())
    keys = [(row["AttributeName"], row["KeyType"]) for row in table.get("KeySchema", ())]
    types = {row["AttributeName"]: row["AttributeType"] for row in table.get("AttributeDefinitions", ())}
    if keys != [(KEY, "HASH")] or types.get(KEY) != "S":
        seen = ", ".join(f"{key} ({types.get(key, '?')}, {type_})" for key, type_ in keys)
        said = f"Metaflow needs one key, `{KEY}` of type S, and no range key: a foreach fails at its join"
        yield failed(name, said, "MF5152", f"the key is {seen}", fix="a key never changes: replace the table")


def _expiry(subject: Subject, part: Part) -> Asking[tuple[Finding, ...]]:
    answer = yield Call("dynamodb", "DescribeTimeToLive", {"TableName": part.name})
    live = (answer or {}).get("TimeToLiveDescription", {})
    status, attribute = live.get("TimeToLiveStatus", "DISABLED"), live.get("AttributeName")
    if status in TTL_ON and attribute == TTL:
        return (passed(name_of(part), f"rows expire by `{TTL}`"),)
    seen = f"status {status}" + (f", attribute {attribute}" if attribute else "")
    said = f"rows do not expire by `{TTL}`: the table grows for ever"
    return (failed(name_of(part), said, "MF5153", seen, fix=subject.fix()),)


def _logs(subject: Subject, part: Part) -> Asking[tuple[Finding, ...]]:
    # `logs` finds by prefix only; names that begin alike come first page by page.
    answer = yield Call("logs", "DescribeLogGroups", {"logGroupNamePrefix": part.name}, paginate=True)
    rows = [row for row in (answer or {}).get("logGroups", ()) if row["logGroupName"] == part.name]
    if not rows:
        said = f"there is no log group `{part.name}`: a deployment with `--log-execution-history` fails"
        return (failed(name_of(part), said, "MF5154", fix=f"mfinfra apply {subject.file}"),)
    key = "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN"
    live, told = rows[0]["arn"], subject.values.get(key)
    if told is not None and live.removesuffix(":*") != str(told).removesuffix(":*"):
        seen = (f"AWS says {live}", f"the key says {told}")
        fix = "name the log group by its address in the `metaflow` block"
        return (failed(key, "is the ARN of another log group", "MF5155", *seen, fix=fix),)
    return (passed(name_of(part), f"found {part.name}"),)
