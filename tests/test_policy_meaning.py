"""For any document: another spelling never makes a difference, a real change always does."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mfinfra import policy

ACCOUNT = "123456789012"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


@dataclass(frozen=True)
class Later:
    """Stands for a value that only AWS knows."""

    name: str


quick = settings(max_examples=30)

OPERATORS = ["StringEquals", "StringLike", "ForAnyValue:StringLike", "NumericLessThan", "Bool"]
KEYS = ["aws:SourceArn", "aws:SourceAccount", "aws:RequestTag/Team", "s3:prefix"]
VALUES: list[Any] = ["true", "false", True, False, "300", 300, 0, "", "a", "${aws:username}", Later("v")]
NAMES = ["*", ACCOUNT, ROOT, "210987654321", "AROAEXAMPLEID", f"arn:aws:iam::{ACCOUNT}:role/r", Later("role")]


def some(values: list[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(st.sampled_from(values), min_size=1, max_size=4)
    return several | st.sampled_from(values)


actions = some(["*", "s3:*", "s3:GetObject", "s3:getobject", "batch:SubmitJob"])
resources = some(["*", "arn:aws:s3:::b", "arn:aws:s3:::b/*", Later("bucket")])
principals = st.just("*") | st.dictionaries(st.sampled_from(["AWS", "Service"]), some(NAMES), min_size=1)
conditions = st.dictionaries(
    st.sampled_from(OPERATORS), st.dictionaries(st.sampled_from(KEYS), some(VALUES), min_size=1), min_size=1, max_size=2
)
statements = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"])},
    optional={
        "Sid": st.sampled_from(["", "A", "B"]),
        "Action": actions,
        "NotAction": actions,
        "Resource": resources,
        "NotResource": resources,
        "Principal": principals,
        "NotPrincipal": principals,
        "Condition": conditions,
    },
)
documents = st.fixed_dictionaries(
    {"Statement": st.lists(statements, min_size=1, max_size=4)},
    optional={"Version": st.sampled_from(["2012-10-17", "2008-10-17"]), "Id": st.sampled_from(["", "x"])},
)
randoms = st.randoms(use_true_random=False)


def shuffled(mapping, random):
    items = list(mapping.items())
    random.shuffle(items)
    return dict(items)


def respelled_set(value, random, spell=lambda item: item):
    """The same set: other order, repeated, a bare value for a list of one."""
    items = [spell(item) for item in (value if isinstance(value, list) else [value])]
    items += [spell(item) for item in items if random.random() < 0.2]
    random.shuffle(items)
    return items[0] if len(items) == 1 and random.random() < 0.5 else items


def respelled_principal(value, random):
    def spell(name):
        if name in (ACCOUNT, ROOT):
            return random.choice([ACCOUNT, ROOT, f"arn:aws-us-gov:iam::{ACCOUNT}:root"])
        return name

    if value in ("*", {"AWS": "*"}, {"AWS": ["*"]}):
        return random.choice(["*", {"AWS": "*"}, {"AWS": ["*", "*"]}, {"Federated": [], "AWS": "*"}])
    kinds = {
        kind: respelled_set(names, random, spell if kind == "AWS" else lambda name: name)
        for kind, names in value.items()
    }
    return shuffled(kinds | ({"Federated": []} if random.random() < 0.3 else {}), random)


def respelled_condition(value, random):
    pairs = {"true": True, "false": False, "300": 300, "0": 0}

    def spell(item):
        text = json.dumps(item) if isinstance(item, bool | int) else item
        return random.choice([text, pairs[text]]) if text in pairs else item

    def key(name):
        return random.choice([name, name.lower(), name.upper()])

    return shuffled(
        {
            operator: shuffled(
                {key(name): respelled_set(values, random, spell) for name, values in block.items()}, random
            )
            for operator, block in value.items()
        },
        random,
    )


def respelled_statement(statement, random):
    """The same statement in another spelling."""
    out: dict[str, Any] = {}
    for key, value in statement.items():
        if key == "Effect":
            out[key] = random.choice([value, value.upper(), value.lower()])
        elif key == "Sid":
            out[key] = value
        elif key == "Condition":
            out[key] = respelled_condition(value, random)
        elif key.endswith("Principal"):
            out[key] = respelled_principal(value, random)
        else:
            out[key] = respelled_set(value, random)
    if not out.get("Sid"):
        out.pop("Sid", None)
        out |= random.choice([{}, {"Sid": ""}])
    return shuffled(out, random)


def respelled(document, random):
    """The same document in another spelling."""
    items = [respelled_statement(item, random) for item in document["Statement"]]
    random.shuffle(items)
    out = {**document, "Statement": items[0] if len(items) == 1 and random.random() < 0.5 else items}
    if out.get("Version") == "2008-10-17" and random.random() < 0.5:
        del out["Version"]
    return shuffled(out, random)


@quick
@given(documents, randoms)
def test_promise_2_spelling_never_makes_a_difference(document, random):
    other = respelled(document, random)
    assert policy.canonical(document) == policy.canonical(other)
    assert repr(policy.canonical(document)) == repr(policy.canonical(other))


@quick
@given(documents, st.sampled_from(["aws", "aws-cn"]))
def test_the_canonical_form_is_its_own_canonical_form(document, partition):
    form = policy.canonical(document, partition=partition)
    assert policy.canonical(form, partition=partition) == form
    assert policy.equivalent(form, document)


@quick
@given(documents, documents)
def test_equivalence_is_reflexive_and_symmetric(left, right):
    assert policy.equivalent(left, left)
    assert policy.equivalent(left, right) == policy.equivalent(right, left)


def knows_all(value):
    if isinstance(value, dict):
        return all(knows_all(item) for item in value.values())
    return all(knows_all(item) for item in value) if isinstance(value, list) else not isinstance(value, Later)


@quick
@given(documents)
def test_text_is_read_back_as_the_document(document):
    assume(knows_all(document))
    assert policy.parse(policy.text(document)) == document
    assert policy.parse(quote(policy.text(document))) == document
    assert policy.size(document) == policy.size(json.dumps(document, indent=3))


def grown(value):
    return [*(value if isinstance(value, list) else [value]), "new:Value"]


def changes(statement):
    """Every way to make a real difference to one statement, as (name, function that changes it in place)."""
    yield "effect", lambda one: one.update(Effect="Deny" if one["Effect"] == "Allow" else "Allow")
    yield "sid", lambda one: one.update(Sid="Other")
    for key, value in statement.items():
        if key in ("Effect", "Sid"):
            continue
        yield f"no {key}", lambda one, key=key: one.pop(key)
        if key == "Condition":
            for operator, block in value.items():
                yield f"no {operator}", lambda one, o=operator: one["Condition"].pop(o)
                yield f"added to {operator}", lambda one, o=operator: one["Condition"][o].update({"aws:New": "x"})
                yield (
                    f"renamed {operator}",
                    lambda one, o=operator: one["Condition"].update({f"New{o}": one["Condition"].pop(o)}),
                )
                for name, values in block.items():
                    yield (
                        f"value of {name}",
                        lambda one, o=operator, n=name, v=values: one["Condition"][o].update({n: grown(v)}),
                    )
                    yield f"no {name}", lambda one, o=operator, n=name: one["Condition"][o].pop(n)
        elif isinstance(value, dict):
            for kind, names in value.items():
                yield f"added {kind}", lambda one, k=key, t=kind, n=names: one[k].update({t: grown(n)})
                yield f"no {kind}", lambda one, k=key, t=kind: one[k].pop(t)
        elif key.endswith("Principal"):
            yield "someone instead of everyone", lambda one, k=key: one.update({k: {"AWS": ROOT}})
        else:
            yield f"added {key}", lambda one, k=key, v=value: one.update({k: grown(v)})
            yield f"changed {key}", lambda one, k=key: one.update({k: "other:Value"})
            yield f"removed from {key}", lambda one, k=key, v=value: one.update({k: shrunk(v)})


def shrunk(value):
    gone = value[0] if isinstance(value, list) else value
    return [item for item in value if item != gone] if isinstance(value, list) else []


@quick
@given(documents, randoms, st.data())
def test_promise_2_a_real_difference_in_a_statement_is_always_seen(document, random, data):
    index = data.draw(st.integers(0, len(document["Statement"]) - 1))
    name, change = data.draw(st.sampled_from([*changes(document["Statement"][index])]), label="change")
    other = copy.deepcopy(document)
    change(other["Statement"][index])
    assert not policy.equivalent(document, respelled(other, random)), name


@quick
@given(documents, statements, randoms)
def test_promise_2_a_real_difference_around_the_statements_is_always_seen(document, statement, random):
    version = document.get("Version", "2008-10-17")
    first, *others = document["Statement"]
    differing = [
        {**document, "Version": "2008-10-17" if version == "2012-10-17" else "2012-10-17"},
        {**document, "Id": "other"},
        {**document, "Statement": [*document["Statement"], statement]},
        {**document, "Statement": [*document["Statement"], first]},
        {**document, "Statement": others},
    ]
    for other in differing:
        assert not policy.equivalent(document, respelled(other, random) if other["Statement"] else other)
