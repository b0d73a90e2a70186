"""Nothing on the site goes stale unnoticed: what its pages name is there, and what they show can be typed."""

from __future__ import annotations

import re
from pathlib import Path

import doc_commands
import doc_names
import doc_pages
import doc_snippets
import pytest
from _pages import codes, commands, fields, kinds
from doc_pages import Page

from mfinfra import desired, explain, schemas
from mfinfra.cli import app

PAGES = doc_pages.every()
WRITTEN = doc_pages.written()
WITH_YAML = [page for page in WRITTEN if any(page.blocks("yaml"))]
CASES = {
    "a command that is not there": (doc_commands.problems, "```bash\nmfinfra plann prod.yaml\n```", "`mfinfra plann`"),
    "a flag that is not there": (doc_commands.problems, "```bash\nmfinfra plan prod.yaml --fast\n```", "--fast"),
    "a flag in prose": (doc_commands.problems, "Pass `mfinfra apply --force`.", "--force"),
    "a flag after a pipe": (doc_commands.problems, "```bash\ntrue | mfinfra plan a.yaml --x\n```", "--x"),
    "a flag of a typed line": (doc_commands.problems, "```console\n$ mfinfra drift a.yaml --x\nNo\n```", "--x"),
    "a flag of a command below another": (doc_commands.problems, "`mfinfra sandbox stop --hard`", "--hard"),
    "a value that is no choice": (doc_commands.problems, "`mfinfra plan a.yaml --format pdf`", "pdf"),
    "an argument too few": (doc_commands.problems, "```bash\nmfinfra plan\n```", "FILE"),
    "an argument too many": (doc_commands.problems, "```bash\nmfinfra drift a.yaml b.yaml\n```", "b.yaml"),
    "a command in a variable's wake": (doc_commands.problems, "```sh\nA=1 .venv/bin/mfinfra pla x\n```", "pla"),
    "a command that a line end breaks": (doc_commands.problems, "Use `mfinfra plan\nprod.yaml --fast`.", "--fast"),
    "a code": (doc_names.unknown_codes, "See MF9999.", "MF9999"),
    "an exit code": (doc_names.unknown_exits, "It exits with 9.", "9"),
    "an exit code in bold": (doc_names.unknown_exits, "It exits with **7**.", "7"),
    "an exit code beside a command": (doc_names.unknown_exits, "```bash\ntrue  # exits 9 if so\n```", "9"),
    "a link to an exit code": (doc_names.unknown_exits, "[8](../reference/exit-codes.md#8)", "8"),
    "a path": (doc_names.unknown_paths, "Look at `schemas/cluster.json`.", "schemas/cluster.json"),
    "a kind": (doc_names.unknown_kinds, "Take `bukket.datastore`.", "bukket"),
    "a flag by itself": (doc_names.unknown_flags, "It takes `--adopting ADDR`.", "--adopting"),
    "a kind in a command": (doc_names.unknown_kinds, "```bash\nmfinfra plan a.yaml --adopt rolle.x\n```", "rolle"),
    "a field": (doc_names.unknown_fields, "Set `max_vcpu`s.", "max_vcpu"),
    "a link without a host": (doc_names.bad_links, "[here](https:///x)", "https:///x"),
    "a link in the clear": (doc_names.bad_links, "<http://example.com/x>", "http://example.com/x"),
    "a bare link": (doc_names.bad_links, "see https://example/x now", "https://example/x"),
}


@pytest.mark.parametrize(("check", "text", "said"), CASES.values(), ids=CASES)
def test_what_is_wrong_in_a_page_is_found(check, text, said):
    [problem] = check(Page("page.md", text))
    assert problem.startswith("page.md: ")
    assert said in problem


def test_what_is_right_in_a_page_is_passed_over():
    page = Page(
        "page.md",
        '```bash\nfor file in *.yaml; do mfinfra validate "$file"; done  # mfinfra nothing\n'
        "A=1 mfinfra plan prod.yaml -o plan.json && mfinfra apply plan.json | jq .\n"
        "mfinfra sandbox shell -- python flow.py run\n```\n"
        "`mfinfra plan` exits 2, see MF4101 and `bucket.datastore` with `max_vcpus` in `schemas/plan.json`,\n"
        "`mfinfra apply --yes`, [a page](https://example.com/a?b#c) and http://127.0.0.1:8000.\n",
    )  # fmt: skip
    assert len(list(doc_commands.shown(page))) == 6
    assert doc_commands.problems(page) == []
    assert [problem for check in doc_names.CHECKS for problem in check(page)] == []


def test_the_pages_show_commands_of_every_kind():
    """The search for commands finds them: else the next test would hold for anything."""
    called = {words[0] for page in WRITTEN for words, _ in doc_commands.shown(page) if words}
    assert called >= set(commands.named())


def test_every_command_that_a_page_shows_can_be_typed():
    assert [problem for page in PAGES for problem in doc_commands.problems(page)] == []


@pytest.mark.parametrize("check", doc_names.CHECKS, ids=lambda check: check.__name__)
def test_everything_that_a_page_names_is_there(check):
    assert [problem for page in PAGES for problem in check(page)] == []


@pytest.mark.parametrize("page", WITH_YAML, ids=lambda page: page.path)
def test_every_yaml_of_a_page_is_valid_and_without_a_warning(page, tmp_path):
    assert doc_snippets.problems(page, tmp_path) == []


WRONG_YAML = {
    "a whole file": ("```yaml\nversion: 1\nenvironment: demo\n```", "account"),
    "a fragment": (
        "<!-- onto environments/ec2.yaml -->\n```yaml\nresources:\n  table:\n    foreach: {ttl: no}\n```",
        "ttl",
    ),
    "an indented fragment": (
        "1. Do\n\n    <!-- onto environments/ec2.yaml -->\n    ```yaml\n    resources: {bukket: {}}\n    ```",
        "bukket",
    ),
    "a fragment that completes nothing": ("```yaml\nresources: {bucket: {}}\n```", "version"),
}


@pytest.mark.parametrize(("text", "said"), WRONG_YAML.values(), ids=WRONG_YAML)
def test_wrong_yaml_is_found(text, said, tmp_path):
    assert said in "\n".join(doc_snippets.problems(Page("page.md", text), tmp_path))


def test_every_kind_command_and_code_has_its_page():
    paths = {page.path for page in doc_pages.generated()}
    assert {f"kinds/{kind}.md" for kind in schemas.kinds()} <= paths
    assert {f"commands/{name}.md" for name in commands.ROOT.commands} <= paths
    assert {f"codes/{code}.md" for code in explain.codes()} <= paths
    assert set(commands.named()) == set(commands.ROOT.commands) == {name for group in GROUPS for name in group}


GROUPS = [[module.__name__.rpartition(".")[2].rstrip("_") for module in modules] for modules in app.COMMANDS.values()]


def test_the_index_of_codes_has_each_once_under_a_range_that_says_what_it_is_about():
    [index] = [page.text for page in doc_pages.generated() if page.path == "codes/index.md"]
    anchors = re.findall(r"^## .* \{ #(mf\d+) \}$", index, re.MULTILINE)
    assert len(set(anchors)) == len(anchors)
    assert sorted(re.findall(r"^- \[`(MF\d+)`\]", index, re.MULTILINE)) == list(explain.codes())
    assert explain.FAMILIES[""] not in index
    assert {codes.anchor(code) for code in explain.codes()} == set(anchors)


@pytest.mark.parametrize("kind", schemas.kinds())
def test_the_page_of_a_kind_says_all_that_its_schema_says(kind):
    page, traits = kinds.page(kind), schemas.traits(kind)
    for field in traits.fields:
        section = page.partition(f"### `{field}` {{ #{field} }}")[2].partition("\n### ")[0]
        about = fields.resolved(schemas.load(kind), schemas.load(kind)["properties"][field])
        assert about["description"] in section, field
        assert ("required</span>" in section) == (field in traits.required), field
        assert ("replaces the resource</span>" in section) == (field in traits.create_only), field
        if traits.defaults.get(field) is not None:
            assert "Default: `" in section, field
    for attribute in traits.attributes:
        assert f"| `{attribute}` |" in page
    assert ("It holds data" in page) == traits.holds_data


@pytest.mark.parametrize("kind", schemas.kinds())
def test_the_examples_of_a_kind_are_valid_and_small_and_large(kind):
    reading = desired.read(kinds.EXAMPLES / f"{kind}.yaml")
    assert reading.warnings == ()
    small, large = (kinds.example(kind, section) for section in ("minimal", "fuller"))
    assert len(small.splitlines()) < 6
    assert len(re.findall(r"\w+:", large)) > len(re.findall(r"\w+:", small))
    written = {address.name for address in reading.environment.resources if address.kind == kind}
    assert {text.partition(":")[0] for text in (small, large)} <= written


def test_a_word_of_a_schema_that_no_page_explains_is_an_error():
    with pytest.raises(ValueError, match="contains"):
        fields.resolved({}, {"type": "array", "contains": {}})
    with pytest.raises(ValueError, match="maxItems"):
        list(
            fields.conditions(
                {"if": {"properties": {"a": {"const": 1}}}, "then": {"properties": {"b": {"maxItems": 2}}}}
            )
        )


def test_of_a_field_nothing_is_said_that_is_not_there():
    said = {"a": {"type": "string", "minLength": 1}, "b": {"type": "array", "maxItems": 2, "description": "Those"}}
    assert list(fields.nested({}, {"properties": said, "required": ["a"]}, "")) == [
        "- `a` (string, **required**)",
        "  At least 1 character.",
        "- `b` (list): Those.",
        "  At most 2 members.",
    ]


def test_a_condition_is_told_apart_from_what_follows():
    rule = {"if": {"properties": {"type": {"const": "SPOT"}}}, "then": {"required": ["role"]}}
    assert list(fields.conditions(rule)) == ["With `type` `SPOT`: `role` must be written."]


def test_every_variable_that_is_read_stands_on_the_page_of_variables():
    source = "\n".join(path.read_text("utf-8") for path in (doc_pages.ROOT / "mfinfra").rglob("*.py"))
    read = set(re.findall(r"\bMFINFRA_[A-Z_]*[A-Z]\b", source))
    [page] = [page for page in WRITTEN if page.path == "reference/environment-variables.md"]
    assert sorted(name for name in read if f"`{name}`" not in page.text) == []


def test_every_guard_of_a_plan_stands_on_the_page_of_guards_or_of_plans():
    pages = "\n".join(page.text for page in WRITTEN if page.path.startswith("concepts/"))
    guards = [code for code in explain.codes() if re.fullmatch(r"MF41(0[1-9]|1\d)", code)]
    assert [code for code in guards if code not in pages] == ["MF4105"]


def test_a_page_is_reached_from_the_nav_or_an_index():
    nav = (doc_pages.ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:")[2]
    assert [page.path for page in WRITTEN if page.path not in nav and not page.path.startswith("decisions/0")] == []


def test_what_a_page_shows_to_be_typed_fits_into_its_column():
    """Some 82 characters: what is longer is cut off at the right until somebody scrolls."""
    own = [page for page in WRITTEN if page.path.startswith(("index", "start/", "concepts/", "recipes/", "reference/"))]
    shown = [(page.path, line) for page in own for block in page.blocks("bash") for line in block.body.splitlines()]
    assert len(shown) > 50
    assert [one for one in shown if len(one[1]) > 82] == []


def test_every_python_of_a_page_is_python():
    blocks = [block for page in WRITTEN for block in page.blocks("python")]
    assert len(blocks) > 3
    for block in blocks:
        compile(block.body, block.title, "exec")


def test_whatever_the_comparison_says_of_others_has_its_source_or_says_that_it_has_none():
    page = next(page.text for page in WRITTEN if page.path == "comparison.md")
    rows = [line.strip("| ").split(" | ") for line in page.partition('class="compare"')[2].splitlines() if "|" in line]
    told = [cell for row in rows[2:] for cell in "|".join(row[2:]).split("|") if cell.strip()]
    assert len(told) > 60
    assert [cell for cell in told if "[^" not in cell and "\N{DAGGER}" not in cell] == []
    assert re.search(r"As of \*\*[A-Z][a-z]+ 20\d\d\*\*", page)


def test_a_step_names_a_queue_of_the_file_on_its_page():
    named = {
        (page.path, queue)
        for page in WRITTEN
        for block in page.blocks("python")
        for queue in re.findall(r'queue="([^"]+)"', block.body)
    }
    assert len(named) > 1
    for path, queue in named:
        file = doc_pages.ROOT / "environments" / Path(path).with_suffix(".yaml").name
        resources = desired.read(file).environment.resources
        assert queue in {one.spec["name"] for address, one in resources.items() if address.kind == "job_queue"}, path


def test_no_page_is_a_draft():
    assert [page.path for page in WRITTEN if len(page.whole) < 500 or re.search(r"TODO|FIXME|lorem", page.text)] == []
    assert not any(Path(doc_pages.DOCS / "assets").glob("*.map"))


def test_the_number_of_kinds_is_told_right():
    said = {word for page in WRITTEN for word in re.findall(r"(?i)\b(\w+) kinds\b", page.text)}
    assert said & set(NUMBERS) == {NUMBERS[len(schemas.kinds()) - 9]}


NUMBERS = ("nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen")
