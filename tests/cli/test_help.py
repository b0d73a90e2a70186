import re

import pytest
import typer.main

from mfinfra.cli.app import app

ROOT = typer.main.get_command(app)
PATHS = [
    (name, *rest)
    for name, command in ROOT.commands.items()
    for rest in [(), *((sub,) for sub in getattr(command, "commands", {}))]
]


def command_at(path):
    found = ROOT
    for name in path:
        found = found.commands[name]
    return found


@pytest.mark.parametrize("path", [(), *PATHS], ids=" ".join)
def test_every_help_ends_with_two_examples_and_the_exit_codes(run, path):
    shown = run(*path, "--help")
    assert shown.code == 0
    examples = re.search(r"^Examples:\n((?:  .+\n)+)\nExit codes:\n((?:  \d+ .+\n)+)", shown.out, re.MULTILINE)
    assert len(examples[1].splitlines()) == 2
    assert all(line.startswith("  mfinfra ") for line in examples[1].splitlines())
    assert "  0    done\n  1    an error" in examples[2]


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_flag_has_an_environment_variable_with_its_name_and_help_shows_it(run, path):
    shown = re.sub(r"\s+", " ", run(*path, "--help").out)
    for option in command_at(path).params:
        longs = [name for name in option.opts if name.startswith("--")]
        if not longs:
            continue
        expected = "MFINFRA_" + longs[0].removeprefix("--").replace("-", "_").upper()
        assert option.envvar == expected
        assert f"env var: {expected}" in shown
        assert option.help


@pytest.mark.parametrize("name", ["plan", "apply", "drift", "destroy", "graph", "history", "unlock"])
def test_what_talks_to_aws_names_the_code_of_an_interruption(run, name):
    assert "\n  130  interrupted (143: terminated, 129: hung up)" in run(name, "--help").out


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_the_first_example_of_a_command_is_one_of_mfinfra_s_own_commands(path):
    example = command_at(path).epilog.splitlines()[1].split()
    assert example[0] == "mfinfra"
    assert example[1] in ROOT.commands


def test_help_is_no_wider_than_80_columns_but_for_examples(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for path in [(), *PATHS]:
        lines = run(*path, "--help").out.splitlines()
        assert [line for line in lines if len(line) > 80 and not line.startswith("  mfinfra ")] == []


def test_the_list_of_commands_cuts_no_sentence_off(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert "..." not in run("--help").out.partition("Everyday:")[2]
    assert "..." not in run("sandbox", "--help").out.partition("Commands:")[2]


def test_commands_stand_in_groups(run):
    shown = run("--help").out
    assert shown.index("Everyday:") < shown.index("  plan ") < shown.index("Look closer:") < shown.index("  schema ")


def test_mfinfra_alone_shows_examples_first(run):
    shown = run()
    assert shown.code == 0
    assert len(shown.out.splitlines()) == 8
    assert "mfinfra validate prod.yaml" in shown.out
    assert shown.out.index("mfinfra init") < shown.out.index("mfinfra plan") < shown.out.index("mfinfra apply")
    assert shown.err == ""


def test_sandbox_alone_shows_its_help(run):
    shown = run("sandbox")
    assert (shown.code, shown.err) == (0, "")
    assert "  reset   " in shown.out


def test_a_mistyped_command_exits_1_and_names_the_nearest(run):
    shown = run("plna")
    assert (shown.code, shown.out) == (1, "")
    assert shown.err == "error: no such command `plna`\n  hint: did you mean `plan`?\n"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("plan",), "missing argument `FILE`"),
        (("plan", "x.yaml", "--frmat", "json"), "no such option `--frmat`\n  hint: did you mean `--format`?"),
        (("plan", "x.yaml", "y.yaml"), "unexpected argument `y.yaml`"),
        (
            ("plan", "x.yaml", "--format", "xml"),
            "invalid value for `--format` (env var: `MFINFRA_FORMAT`): `xml` is not",
        ),
        (("plan", "x.yaml", "--parallelism", "0"), "invalid value for `--parallelism`"),
        (("plan", "x.yaml", "--parallelism", "999999999999"), "invalid value for `--parallelism`"),
        (
            ("plan", "x.yaml", "--parallelism", "many"),
            "invalid value for `--parallelism` (env var: `MFINFRA_PARALLELISM`): this must be a valid integer\n",
        ),
        (("--json",), "--json belongs to --version"),
        (("sandbox", "strat"), "no such command `strat`"),
    ],
)
def test_a_usage_error_exits_1_never_2_and_ends_with_what_to_do(run, argv, said):
    shown = run(*argv)
    assert (shown.code, shown.out) == (1, "")
    assert shown.err.startswith(f"error: {said}")
    assert "\n  hint: " in shown.err


def test_a_flag_can_come_from_the_environment(run, live, file, monkeypatch):
    monkeypatch.setenv("MFINFRA_DETAILED_EXITCODE", "1")
    monkeypatch.setenv("MFINFRA_PARALLELISM", "3")
    monkeypatch.setenv("MFINFRA_ADOPT", "log_group.flows all")
    assert run("plan", file).code == 2
    options, parallelism = live.asked[0]
    assert (options.adopt, parallelism) == (frozenset({"log_group.flows", "all"}), 3)
