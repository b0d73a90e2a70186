"""The plan as Markdown: golden files, what stays where there is little room, and how much that is."""

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render import inertness, many, plans
from render.frozen import compare

from mfinfra.errors import UserError
from mfinfra.render import commonmark, fit, inert, looks, markdown

DRIFTED = plans.updated() | {
    "drift": "live",
    "disruption": {"running_jobs": 3, "jobs": {"metaflow": {"RUNNABLE": 2, "RUNNING": 1, "STARTING": 0}}},
}
PARTIAL = {"destroy": False, "adopt": ["bucket.archive"], "target": ["bucket.archive"], "exclude": [], "replace": []}
WHOLE = {
    "mfinfra_version": "0.1.0",
    "created": "2026-10-20T10:00:00Z",
    "integrity": {"plan_sha256": "ab" * 32},
}
GUARD = {"code": "MF4110", "status": "fail", "message": "6 resources would be deleted, more than 5", "address": None,
         "hint": "look at each of them, then pass `--max-deletes 6`", "lifted_by": "--max-deletes 6"}  # fmt: skip
CASES = {
    "everything": (plans.everything() | WHOLE, {}),
    "create": (plans.document(plans.created(), **WHOLE), {}),
    "disruption": (plans.document(DRIFTED, plans.replaced(["delete", "create"]) | {"drift": "file"}, **WHOLE), {}),
    "guards": (
        plans.document(plans.deleted(blocked=plans.BLOCK | {"lifted_by": "--allow-destroy log_group.old"}),
                       plans.adopted() | {"blocked": plans.FOREIGN | {"lifted_by": "--adopt bucket.archive"}},
                       checks=[GUARD], **WHOLE),
        {},
    ),
    "partial": (plans.document(plans.adopted(), options=PARTIAL, **WHOLE), {}),
    "no-change": (plans.document(*(plans.unchanged(f"job_queue.q{n}") for n in range(14)), **WHOLE), {}),
    "hostile": (plans.hostile(), {}),
    "short": (plans.everything() | WHOLE, {"max_chars": 2900}),
    "shortest": (plans.everything() | WHOLE, {"max_chars": 1200}),
}  # fmt: skip
SIZES = (4_000, 8_000, 16_000, 30_000, 60_000, 120_000)


def lost(document):
    return [row["address"] for row in document["resource_changes"] if looks.destroys(row)]


def removed(count):
    return [plans.deleted() | {"address": f"security_group.resource-{number:04}"} for number in range(count)]


def needed(document):
    with pytest.raises(UserError) as refused:
        markdown.text(document, 1)
    return int(re.search(r"takes (\d+) with", refused.value.message)[1])


@pytest.mark.parametrize("name", CASES)
def test_a_plan_as_markdown_reads_as_its_golden_file_and_is_inert(name):
    document, options = CASES[name]
    shown = markdown.text(document, **options)
    compare(f"{name}.md", shown)
    inertness.markdown(shown, document)
    assert commonmark.units(shown) <= options.get("max_chars", markdown.MAX_CHARS)


@pytest.mark.parametrize("max_chars", SIZES)
def test_every_size_is_kept_and_no_delete_replacement_guard_or_count_is_lost(max_chars):
    document = many.plan_of(200)
    for row in document["resource_changes"][::40]:
        row["blocked"] = plans.BLOCK | {"message": "long " * 100}
    shown = markdown.text(document, max_chars)

    assert len(shown) <= max_chars
    assert all(f"`{address}`" in shown or f"\n{address}\n" in shown for address in lost(document))
    assert all(row["address"] in shown for row in document["resource_changes"][::40])
    assert "MF4103" in shown
    assert f"**Plan:** {looks.verdict(document)}." in shown
    inertness.markdown(shown, document)


def test_two_thousand_resources_fit_into_a_comment_in_a_moment():
    document = many.plan_of(2000)
    started = time.process_time()
    shown = markdown.text(document)

    assert time.process_time() - started < 5
    assert len(shown) <= 60_000
    assert len(lost(document)) > 400
    assert all(f"`{address}`" in shown for address in lost(document))
    assert re.search(r"\n\d+ resources are shown without detail; the full plan is in the artifact", shown)


def test_two_thousand_deletions_are_listed_by_address_where_there_is_room_for_no_more():
    document = plans.document(*removed(2000), plans.created())
    shown = markdown.text(document)

    assert len(shown) <= 60_000
    assert set(shown.splitlines()) >= set(lost(document))
    assert "And 1 more: 1 to create" in shown


def test_a_kind_is_named_once_where_addresses_are_too_many():
    shown = markdown.text(plans.document(*removed(2000)), 40_000)
    (line,) = [line for line in shown.splitlines() if line.startswith("security_group: ")]
    assert line.split()[1:] == [f"resource-{number:04}" for number in range(2000)]


def test_where_not_even_addresses_fit_the_error_names_the_size_that_is_enough():
    document = plans.document(*removed(300), plans.updated())
    least = needed(document)

    assert len(markdown.text(document, least)) == least
    with pytest.raises(UserError, match=f"takes {least} with nothing but its addresses"):
        markdown.text(document, least - 1)


def test_what_says_least_goes_first():
    """Context, how things are updated, how they are made, and the names of both last."""
    updates = [plans.updated() | {"address": f"bucket.u{number}"} for number in range(9)]
    creates = [plans.created() | {"address": f"role.c{number}"} for number in range(9)]
    document = plans.document(*updates, *creates, plans.replaced(["delete", "create"]))
    found = [
        (shown.count("object_ownership"), shown.count("user_data"), shown.count("3600"), shown.count("bucket.u"))
        for shown in (markdown.text(document, size) for size in range(18_000, 1_500, -500))
    ]

    for more, less in pairwise(found):
        assert all(was >= now for was, now in zip(more, less, strict=True))
    for context, updated, created, named in found:
        assert not context or (updated, created, named) == (9, 9, 9)
        assert not updated or (created, named) == (9, 9)
        assert not created or named == 9
    assert found[0] == (9, 9, 9, 9)
    assert found[-1][:3] == (0, 0, 0)
    assert found[-1][3] < 9


def test_characters_beyond_the_basic_plane_count_twice():
    document = plans.document(*(plans.updated() | {"action_reason": "🎉" * 900} for _ in range(30)))
    shown = markdown.text(document, 20_000)
    assert commonmark.units(shown) <= 20_000


@pytest.mark.parametrize("name", ["-->", "prod --> x", "a\nb", "A", "prod-", "x" * 32, "\ud800", "é"])
def test_the_marker_holds_whatever_an_environment_is_called(name):
    document = plans.document(environment=plans.ENVIRONMENT | {"name": name})
    first, second = markdown.text(document).splitlines()[:2]
    assert re.fullmatch(r"<!-- mfinfra:plan environment=[A-Za-z0-9%._~-]+ -->", first)
    assert second.startswith("### mfinfra plan: ")


def test_the_command_to_apply_names_what_was_reviewed_and_quotes_the_file():
    odd = plans.document(plans.created(), source=plans.SOURCE | {"path": "a b/$(x).yaml"}, **WHOLE)
    assert f"`mfinfra apply 'a b/$(x).yaml' --checksum {'ab' * 32}`" in markdown.text(odd)


@pytest.mark.parametrize("path", ["-x", "a\nb", "x" * 300])
def test_a_file_that_is_no_plain_argument_is_applied_as_it_was_saved(path):
    shown = markdown.text(plans.document(plans.created(), source=plans.SOURCE | {"path": path}, **WHOLE))
    assert "Apply it: `mfinfra apply PLAN`" in shown


def test_a_blocked_plan_has_no_command_to_apply():
    assert "Apply it" not in markdown.text(plans.document(plans.deleted(blocked=plans.BLOCK), **WHOLE))


@settings(max_examples=300)
@given(st.text(), st.text(st.sampled_from("`ab c\\|@#:/.<&-_*~[]()!'")))
def test_any_sentence_and_any_code_is_inert_and_reads_as_what_it_was(some, odd):
    for value in (some, odd, some + odd):
        for shown in (f"x {commonmark.prose(value)} x", f"- x {commonmark.code(value)} x"):
            page = inertness.read(shown)
            assert {tag for tag, _ in page.seen} <= {"p", "ul", "li", "code"}
            assert not inertness.REFERENCE.search(page.prose)
            said = re.sub("`{17,}", lambda run: "\\u0060" * len(run[0]), inert.line(value))
            assert reduced(said) == reduced(page.visible.replace("x ", "", 1).rpartition(" x")[0])


def reduced(said):
    """Without what a browser takes together, and without the marks of code."""
    return re.sub(r"[ `\n]+", "", said)


@given(st.lists(st.text(st.sampled_from("`~ a\\>"), min_size=1)))
def test_nothing_in_a_block_ends_it(lines):
    page = inertness.read(commonmark.block(lines, "diff"))
    assert {tag for tag, _ in page.seen} == {"pre", "code"}
    escaped = [re.sub("`{17,}", lambda run: "\\u0060" * len(run[0]), line) for line in lines]
    assert page.diffs == ["".join(f"{line}\n" for line in escaped)]


@given(st.lists(st.lists(st.text("x"), min_size=3, max_size=3)), st.integers(0, 200))
def test_parts_are_shortened_rung_by_rung_and_no_more_than_needed(lengths, room):
    parts = [fit.Part("a", tuple(sorted(one, key=len, reverse=True))) for one in lengths]
    ladder = ((frozenset("a"), 1), (frozenset("a"), 2))
    chosen = fit.levels(parts, ladder, room, len)
    total = sum(len(part.lengths[level]) for part, level in zip(parts, chosen, strict=True))

    assert total <= room or total == sum(len(part.lengths[-1]) for part in parts)
    for part, level in zip(parts, chosen, strict=True):
        assert level in {0, *range(max(chosen))} or total - len(part.lengths[level]) + len(part.lengths[0]) > room
