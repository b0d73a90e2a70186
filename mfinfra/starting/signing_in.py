"""Into the account that the file is for: by which profile, in which region; and who that is."""

from __future__ import annotations

from mfinfra.aws import entry, profiles, session
from mfinfra.errors import Refused, UserError
from mfinfra.model import Access, Scope
from mfinfra.starting import answers as rules
from mfinfra.starting.asking import Option, Person, Question, answered
from mfinfra.starting.given import Given


def sign_in(given: Given, person: Person | None) -> tuple[session.Aws, str | None]:
    """A way into AWS, and the profile that the file has to name, if one.

    Where the usual credentials are missing, somebody at a terminal is asked for one of the profiles that are set up.
    """
    profile = given.aws_profile
    if profile:
        answered(Question("--aws-profile", "AWS profile", wrong=rules.wrong_aws_profile), [profile], person)
    while True:
        try:
            return _entered(given, profile, person), profile
        except UserError as error:
            known = profiles.names()
            if person is None or profile or given.endpoint or error.code != entry.NO_WAY or not known:
                raise
            person.tell(error.message)
            options = tuple(Option(name) for name in known)
            profile = answered(
                Question("--aws-profile", "Which AWS profile?", None, options, open=False), None, person
            )[0]


def _entered(given: Given, profile: str | None, person: Person | None) -> session.Aws:
    access = Access(profile=profile, endpoint=given.endpoint)
    region = (
        Question("--region", "Which region?", _default(access), wrong=rules.wrong_region, hint=_no_region(access))
        if given.region or not _default(access)
        else None
    )
    chosen = answered(region, [given.region] if given.region else None, person)[0] if region else None
    aws = session.enter(access, chosen, given.environment or "init")
    guard_account(given.account, aws.scope)
    return aws


def guard_account(wanted: str | None, scope: Scope) -> None:
    """Raise `Refused` for another account than the one that is `wanted`."""
    if wanted is not None and wanted != scope.account:
        raise Refused(
            f"these credentials are of account `{scope.account}`, and `--account` says `{wanted}`",
            hint="choose other credentials (`--aws-profile`, or `export AWS_PROFILE=NAME`), or leave `--account` out",
            code="MF4001",
        )


def _default(access: Access) -> tuple[str, ...] | None:
    found = profiles.region(access)
    return (found,) if found else None


def _no_region(access: Access) -> str:
    return f"`--region us-east-1`, {profiles.no_region(access).hint}"
