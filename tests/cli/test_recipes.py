"""The recipes for coming and for going are carried out as they are written, on a stack that somebody else made."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import doc_pages
import pytest
from stack import environment

from mfinfra import desired, ownership

pytestmark = pytest.mark.slow
PAGES = {page.path: page for page in doc_pages.written()}
TYPED = re.compile(r"^```bash\n(.*?)^```|^\|[^\n]*\| `(mfinfra [^`\n]+)` \|$", re.DOTALL | re.MULTILINE)
STACK = """\
Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: /of/a/stack, RetentionInDays: 7}
"""
MADE = {
    "bucket": {"datastore": {"name": "metaflow-123456789012"}},
    "table": {"foreach": {"name": "metaflow-foreach"}},
    "role": {
        "batch-job": {"name": "metaflow-batch-job", "preset": "batch_job"},
        "execution": {"name": "metaflow-execution", "preset": "fargate_execution"},
    },
    "compute_environment": {
        "cpu": {
            "name": "metaflow-cpu",
            "type": "FARGATE",
            "subnets": ["subnet-0000000000000000a"],
            "security_groups": ["sg-00000000000000001"],
        }
    },
    "job_queue": {"default": {"name": "metaflow-queue", "compute_environments": ["compute_environment.cpu"]}},
}
METAFLOW = {
    "datastore": "bucket.datastore",
    "batch": {"queue": "job_queue.default", "job_role": "role.batch-job", "execution_role": "role.execution"},
    "step_functions": {"table": "table.foreach"},
}


def typed(page):
    """Every command that a recipe shows, in its order: those of its blocks, and those in the last column of a table."""
    shown = (block[1] or block[2] for block in TYPED.finditer(page.text))
    return [
        words
        for line in "\n".join(shown).splitlines()
        for part in line.split("&&")
        if (words := shlex.split(part, comments=True))
    ]


class World:
    """A stack that nobody's tags are on, a shell that stands in a folder, and what of AWS is not ours to change."""

    def __init__(self, stack, run, monkeypatch):
        self.stack, self.run, self.shell = stack, run, monkeypatch
        monkeypatch.setenv("MFINFRA_ENDPOINT", stack.server.endpoint)  # where `import` looks
        monkeypatch.setenv("METAFLOW_HOME", str(stack.folder / "home"))
        monkeypatch.chdir(stack.folder)
        made = environment(MADE, metaflow=METAFLOW, tags={"team": "ml"}, aws={"endpoint": stack.server.endpoint})
        stack.apply(made)
        settings = json.loads(self.done("config", "environment.yaml"))
        stack.apply(made, forget=frozenset({"all"}))
        self.before = self.settings()
        for file in ("config.json", "home/config_production.json"):
            (stack.folder / file).parent.mkdir(exist_ok=True)
            (stack.folder / file).write_text(json.dumps(settings), "utf-8")
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        stack.client("cloudformation").create_stack(StackName="metaflow", TemplateBody=STACK)

    def done(self, *words):
        """What a command prints, which has to end well."""
        ran = self.run(*words)
        assert ran.code == 0, (words, ran.out, ran.err)
        return ran.out

    def observed(self):
        """What stands, by address."""
        return self.stack.plan(self.stack.folder / "environment.yaml").plan.survey.observed

    def settings(self):
        """What nobody may change on the way: every setting, and the tags of others."""
        return {
            str(address): ({**found.spec, "tags": None}, {k: v for k, v in found.tags.items() if "mfinfra:" not in k})
            for address, found in self.observed().items()
        }

    def owned(self):
        """The addresses whose resources carry our tags."""
        return {str(address) for address, one in self.observed().items() if set(ownership.KEYS) <= one.tags.keys()}

    def adopted(self):
        self.done("apply", "prod.yaml", "--adopt", "all", "--yes")


@pytest.fixture
def world(stack, run, monkeypatch, same_clients):
    return World(stack, run, monkeypatch)


@pytest.fixture
def prod(world):
    """`prod.yaml`, adopted: where the recipe for leaving begins."""
    world.done("import", "prod.yaml", "--from-metaflow-profile", "production")
    world.adopted()
    return world


EVERYTHING = {f"{kind}.{name}" for kind, named in MADE.items() for name in named}


def imported(world, words):
    """An import as the recipe has it, into a folder without the file; what the file holds, by kind."""
    Path("prod.yaml").unlink(missing_ok=True)
    world.done(*words)
    return {address.kind for address in desired.read(Path("prod.yaml")).environment.resources}


def test_a_stack_is_imported_from_each_place_that_the_recipe_names(world):
    imports = [words[1:] for words in typed(PAGES["recipes/import.md"]) if words[1] == "import"]
    kinds = {words[2]: imported(world, words) for words in imports}
    whole = set(MADE)
    assert kinds == {
        "--from-metaflow-profile": whole,
        "--from-metaflow-config": whole,
        "--from-environment": whole,
        "--from-cloudformation": {"log_group"},
        "--resource": {"job_queue", "compute_environment"},
        "--tag": whole,
    }
    assert [path.name for path in Path("handover").iterdir()], "the templates by which a stack lets go"
    assert (world.settings(), world.owned()) == (world.before, set())


def test_what_the_recipe_imports_it_adopts_and_gives_back(world):
    [first, *rest] = [words[1:] for words in typed(PAGES["recipes/import.md"])]
    imported(world, first)
    printed = {tuple(words): world.done(*words) for words in rest if words[0] != "import"}
    plan = json.loads(Path("adopt.plan.json").read_text("utf-8"))
    assert [change["change"]["actions"] for change in plan["resource_changes"]] == [["adopt"]] * len(EVERYTHING)
    assert printed["config", "prod.yaml", "--format", "diff"].endswith("\n  no difference\n")
    assert world.owned() == EVERYTHING

    back = [words for words in PAGES["recipes/import.md"].words() if words.startswith("mfinfra forget ")]
    assert back == ["mfinfra forget prod.yaml all"]
    world.done(*back[0].split()[1:], "--yes")
    assert (world.settings(), world.owned()) == (world.before, set())


def test_whoever_leaves_keeps_every_resource_as_it_is(prod):
    """Terraform's own part is tried by the tests of exporting; here is what mfinfra does on the way."""
    prod.shell.setenv("MFINFRA_YES", "1")  # nobody is there to be asked
    given_up, gone = [], set()
    for program, *words in typed(PAGES["recipes/leaving.md"]):
        if gone and "--adopt" not in words:  # each way begins with what is ours
            prod.adopted()
        if program == "cd":
            prod.shell.chdir(words[0])
        elif program == "mfinfra":
            printed = prod.done(*words)
            assert prod.settings() == prod.before
            if gone := EVERYTHING - prod.owned():
                given_up.append((words[0], gone))
                prod.shell.chdir(prod.stack.folder)
    one = {"table.foreach"}
    assert given_up == [("forget", EVERYTHING), ("forget", EVERYTHING), ("apply", one), ("forget", one), ("plan", one)]
    assert "Plan: 1 to adopt, 0 to create, 0 to change" in printed
    assert {path.name for path in Path("terraform").iterdir()} >= {"imports.tf", "main.tf"}
    assert {path.name for path in Path("cloudformation").iterdir()} >= {"template.yaml", "resources-to-import.json"}
