"""From flags and a few answers to the text of the first file, proven to be one whose plan creates and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from mfinfra.aws import session
from mfinfra.aws.session import Aws
from mfinfra.document import Reading
from mfinfra.errors import UserError
from mfinfra.model import Access
from mfinfra.sandbox import lifecycle
from mfinfra.sandbox import network as sandbox
from mfinfra.starting import answers as rules
from mfinfra.starting import names, place, places, remarks, survey, text
from mfinfra.starting.answers import MEANINGS, Answers, Preset
from mfinfra.starting.asking import Option, Person, Question, answered
from mfinfra.starting.given import Given
from mfinfra.starting.network import Account, Kind, Subnet
from mfinfra.starting.signing_in import sign_in

TRIES = 9
"""How many names of an environment that nobody chose are tried."""
MISSING_ENDPOINTS = "MF2128"


@dataclass(frozen=True, slots=True)
class Started:
    """The file that is to be written, and what its user should know besides."""

    path: Path
    text: str
    reading: Reading
    answers: Answers
    remarks: tuple[str, ...] = ()

    @property
    def schema(self) -> Path:
        """Where its first line says that the schema is."""
        return self.path.parent / place.schema(self.path)


def start(given: Given, person: Person | None, tell: Callable[[str], None]) -> Started:
    """Ask what is not known, and compose the file; `tell` hears what could not be found out.

    Raises `UserError` for what cannot be, or cannot be known; `Refused` for credentials of another account.
    """
    if given.file is not None and not given.file.is_dir():
        place.guard(given.file, overwrite=given.overwrite)
    if given.endpoint:
        answered(Question("--endpoint", "Which endpoint?", wrong=rules.wrong_endpoint), [given.endpoint], person)
    preset = _preset(given, person)
    if preset is Preset.SANDBOX:
        return _of_sandbox(given, person, tell)
    if given.offline:
        return _offline(preset, given, person)
    aws, profile = sign_in(given, person)
    tell(f"account {aws.scope.account}, {aws.scope.region}, as {aws.caller}")
    found = survey.survey(aws)
    for unread in found.unread:
        tell(unread)
    environment = _environment(given, person)
    preset, chosen = _network(preset, given, found, aws.scope.region, person)
    answers = Answers(
        preset,
        environment,
        aws.scope.account,
        aws.scope.region,
        chosen.vpc,
        {one.id: one.remark for one in chosen.subnets},
        chosen.inside,
        chosen.tables,
        profile=_profile(given),
        aws_profile=profile,
        endpoint=given.endpoint,
        served=_served(preset, found, chosen.vpc),
    )
    started = _named(given, answers, aws, person, tell)
    return replace(started, remarks=tuple(remarks.remarks(aws, started.answers, found, chosen.subnets)))


def _preset(given: Given, person: Person | None, default: Preset = Preset.FARGATE) -> Preset:
    options = tuple(Option(each.value, (meaning,)) for each, meaning in MEANINGS.items())
    question = Question("--preset", "What should jobs run on?", (default.value,), options, open=False)
    return Preset(answered(question, [given.preset] if given.preset else None, person)[0])


def _environment(given: Given, person: Person | None, default: str | None = None) -> str:
    """The name of the environment: that of the file by default."""
    stem = given.file.stem if given.file is not None and not given.file.is_dir() else ""
    own = default or (stem if stem and not rules.wrong_environment(stem) else "dev")

    def wrong(name: str) -> str | None:
        if reason := rules.wrong_environment(name):
            return reason
        path = place.of(given.file, name)
        occupied = place.occupied(path, overwrite=given.overwrite)
        return f"`{path}` {occupied}; `--overwrite` would replace it" if occupied else None

    if person is not None:
        own = next(filter(lambda name: not wrong(name), _names(own)), own)
    question = Question("--environment", "What is the environment called?", (own,), wrong=wrong)
    if given.environment:
        question = replace(question, wrong=rules.wrong_environment)
    name = answered(question, [given.environment] if given.environment else None, person)[0]
    place.guard(place.of(given.file, name), overwrite=given.overwrite)
    return name


def _names(first: str) -> Iterator[str]:
    """The name and those that come after it."""
    for _ in range(TRIES):
        yield first
        first = rules.next_name(first)


def _network(
    preset: Preset, given: Given, found: Account, region: str, person: Person | None
) -> tuple[Preset, places.Chosen]:
    """The network, and the preset, which somebody may choose anew where no network does for the first."""
    while True:
        try:
            return preset, places.choose(preset, given, found, region, person)
        except places.UnsuitableError as unsuitable:
            if person is None or given.preset or unsuitable.instead is None:
                raise
            person.tell(f"{unsuitable.message}; {unsuitable.hint}")
            preset = _preset(given, person, unsuitable.instead)


def _served(preset: Preset, found: Account, vpc: str) -> dict[str, str]:
    there = found.served(vpc)
    return {name: there[name].id for name in text.names() if name in there} if preset is Preset.PRIVATE else {}


def _of_sandbox(given: Given, person: Person | None, tell: Callable[[str], None]) -> Started:
    """The whole network of the sandbox is known: nothing is asked of anybody but the name.

    One that runs is asked what is in it, and none is started for that: a new one is empty.
    """
    for flag, said, only in (
        ("--account", given.account, sandbox.ACCOUNT_ID),
        ("--endpoint", given.endpoint, "sandbox"),
        ("--aws-profile", given.aws_profile, None),
    ):
        if said not in (None, only):
            hint = f"leave `{flag}` out, or name another preset"
            raise UserError(
                f"`--preset sandbox` needs no account, and `{flag}` says `{said}`", hint=hint, code="MF5600"
            )
    vpc = given.vpc or sandbox.VPC_ID
    whole = tuple(Subnet(id_, vpc, kind=Kind.NAT) for id_ in sandbox.PRIVATE_SUBNETS)
    found = Account(subnets=whole)
    chosen = places.choose(
        Preset.SANDBOX, replace(given, vpc=vpc, subnets=given.subnets or sandbox.PRIVATE_SUBNETS), found, "", None
    )
    answers = Answers(
        Preset.SANDBOX,
        _environment(given, person, "sandbox" if given.file is None or given.file.is_dir() else None),
        sandbox.ACCOUNT_ID,
        _region(given, sandbox.REGION),
        vpc,
        {one.id: "" for one in chosen.subnets},
        profile=_profile(given),
        bucket=_bucket(given),
        endpoint="sandbox",
    )
    if given.offline or lifecycle.find() is None:
        return _composed(given, answers)
    aws = session.enter(Access(endpoint="sandbox"), answers.region, answers.environment)
    return _named(given, answers, aws, person, tell)


def _offline(preset: Preset, given: Given, person: Person | None) -> Started:
    """Nothing is asked of AWS: what it would tell, the flags or somebody at a terminal say."""
    account = Question("--account", "Which account?", wrong=rules.wrong_account)
    region = _region(given, None) if given.region else None
    asked = Question("--region", "Which region?", wrong=rules.wrong_region)
    chosen_account = answered(account, [given.account] if given.account else None, person)[0]
    region = region or answered(asked, None, person)[0]
    environment = _environment(given, person)
    chosen = places.choose(preset, given, Account(), region, person)
    answers = Answers(
        preset,
        environment,
        chosen_account,
        region,
        chosen.vpc,
        {one.id: "" for one in chosen.subnets},
        chosen.inside,
        chosen.tables,
        _bucket(given),
        _profile(given),
        given.aws_profile,
        given.endpoint,
    )
    return _composed(given, answers)


def _named(given: Given, answers: Answers, aws: Aws, person: Person | None, tell: Callable[[str], None]) -> Started:
    """The file under names that nobody has yet, as far as cheap reads tell."""
    for _ in range(TRIES):
        taken = names.taken(aws, _composed(given, answers).reading.environment)
        if taken.unread:
            tell(f"{taken.unread}: `mfinfra plan` will show it")
        if not taken.there:
            return _composed(given, replace(answers, bucket=_free(given, answers, aws, tell)))
        there = f"{', '.join(taken.there[:3])}{' and more' if len(taken.there) > 3 else ''}"  # noqa: PLR2004
        said = f"there is {there} already"
        if given.environment or (person is None and given.file is not None):
            raise UserError(
                f"the environment `{answers.environment}` would not be new: {said}",
                hint="`--environment NAME` names another one; `mfinfra import` writes a file for what is there",
                code="MF5604",
            )
        other = rules.next_name(answers.environment)
        if person is not None:
            person.tell(said)
        else:
            tell(f"{said}: the environment is called `{other}` instead of `{answers.environment}`")
        answers = replace(answers, environment=_environment(given, person, other))
    raise UserError(
        f"the names of `{answers.environment}` and of {TRIES - 1} environments before it are taken",
        hint="`--environment NAME` names another one",
        code="MF5604",
    )


def _free(given: Given, answers: Answers, aws: Aws, tell: Callable[[str], None]) -> str:
    if given.bucket:
        name = _bucket(given)
        if not names.bucket_is_free(aws, name):
            hint = "`--bucket NAME` names another one: names of buckets are unique in the whole world"
            raise UserError(f"somebody has a bucket `{name}` already", hint=hint, code="MF5604")
        return name
    found = names.free_bucket(aws, answers)
    if found is None:
        tell("whether the bucket's name is taken cannot be told: `mfinfra plan` will show it")
        return rules.BUCKET
    if found != rules.BUCKET:
        tell(f"the bucket is called `{names.literal(found, answers)}`: the shorter name is taken")
    return found


def _composed(given: Given, answers: Answers) -> Started:
    """The file, read back: what is wrong with it is a bug of ours, and loud."""
    path = place.of(given.file, answers.environment)
    place.guard(path, overwrite=given.overwrite)
    schema = place.schema(path)
    written = text.write(answers, schema)
    reading = place.read_back(written)
    if answers.served and {one.code for one in reading.warnings} == {MISSING_ENDPOINTS}:
        written = text.write(answers, schema, suppressing=True)
        reading = place.read_back(written)
    if reading.warnings:
        raise AssertionError(f"init wrote a file with warnings: {reading.warnings}\n{written}")
    return Started(path, written, reading, answers)


def _region(given: Given, default: str | None) -> str:
    question = Question("--region", "Which region?", (default,) if default else None, wrong=rules.wrong_region)
    return answered(question, [given.region] if given.region else None, None)[0]


def _bucket(given: Given) -> str:
    question = Question("--bucket", "Which bucket?", (rules.BUCKET,), wrong=rules.wrong_bucket)
    return answered(question, [given.bucket] if given.bucket else None, None)[0]


def _profile(given: Given) -> str:
    question = Question("--profile", "Which profile?", ("${environment}",), wrong=rules.wrong_profile)
    return answered(question, [given.profile] if given.profile else None, None)[0]
