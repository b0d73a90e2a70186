"""What keeps people out of AWS, as data: what botocore or STS says, one sentence, and the command that mends it.

https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mfinfra.document.nearest import did_you_mean, nearest
from mfinfra.errors import UserError

NO_WAY = "MF3003"
"""The code of credentials that there are none of, or that can never be used as they are."""
LAPSED = "MF3002"
"""The code of credentials that were good once: what has begun goes on with new ones."""
MOST = 5
"""How many profiles are named."""
GET_CALLER = ("sts", "GetCallerIdentity")


class _Using(threading.local):
    """The boto3 session that this thread speaks to AWS by."""

    session: Any = None


_using = _Using()


@contextmanager
def by(session: Any) -> Iterator[None]:
    """Let what goes wrong meanwhile in this thread name the profile of `session`."""
    before, _using.session = _using.session, session
    try:
        yield
    finally:
        _using.session = before


@dataclass(frozen=True, slots=True)
class Lockout:
    """Exceptions of botocore, by their names; the sentence, in which `{said}` is botocore's own, and the hint."""

    names: tuple[str, ...]
    sentence: str
    hint: Callable[[], str]
    code: str = NO_WAY


def profile() -> str:
    """The name of the profile that is used; empty where it is the default one or none is known."""
    name = getattr(_using.session, "profile_name", None)
    if not isinstance(name, str):
        name = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or ""
    return "" if name == "default" else name


def option() -> str:
    """The profile as an option of the `aws` command, with a space before it."""
    name = profile()
    return f" --profile {_word(name)}" if name else ""


def _login() -> str:
    return f"`aws sso login{option()}`, and then the same command again"


def _sign_in() -> str:
    return f"`aws login{option()}`, and then the same command again"


def _set_up() -> str:
    return f"`aws configure sso{option()}` or `aws configure{option()}` writes it anew"


def _missing() -> str:
    """How to get credentials; where profiles are set up, that one only has to be chosen."""
    others = [name for name in profiles(_using.session) if name != profile()]
    first = (
        f"`aws configure sso{option()}` sets up a login by SSO, `aws configure{option()}` takes keys; "
        "a pipeline gives its job a role"
    )
    if not others:
        return first
    listed = ", ".join(f"`{name}`" for name in others[:MOST]) + (", …" if len(others) > MOST else "")
    chosen = f"`export AWS_PROFILE={_word(others[0])}` uses a profile that is set up already"
    there = f" (there are {listed})" if len(others) > 1 else ""
    return f"{chosen}{there}" + (f"; {first}" if profile() else "")


TABLE = (
    Lockout(("NoCredentialsError",), "no AWS credentials were found{there}", _missing),
    Lockout(("PartialCredentialsError",), "the AWS credentials are not whole: {said}", _set_up),
    Lockout(
        ("SSOTokenLoadError",),
        "nobody is logged in to the SSO of {profile}",
        _login,
        LAPSED,
    ),
    Lockout(
        ("UnauthorizedSSOTokenError", "TokenRetrievalError", "SSOError"),
        "the SSO session of {profile} has expired",
        _login,
        LAPSED,
    ),
    Lockout(("LoginTokenLoadError",), "nobody is logged in to {profile}", _sign_in, LAPSED),
    Lockout(("LoginRefreshRequired", "LoginError"), "the login of {profile} has expired", _sign_in, LAPSED),
    Lockout(
        ("LoginInsufficientPermissions",),
        "the login of {profile} cannot be renewed: {said}",
        lambda: "allow the action `signin:CreateOAuth2Token`, then " + _sign_in(),
    ),
    Lockout(
        ("CredentialRetrievalError", "MetadataRetrievalError"),
        "the credentials of {profile} could not be had: {said}",
        lambda: f"`aws sts get-caller-identity{option()}` shows the same; mend what provides them, or choose others",
    ),
    Lockout(
        ("InvalidConfigError", "InfiniteLoopConfigError", "UnknownCredentialError", "ConfigNotFound"),
        "{profile} cannot be used as it is written: {said}",
        _set_up,
    ),
    Lockout(
        ("ConfigParseError",),
        "the AWS configuration cannot be read: {said}",
        lambda: "mend the file: sections are `[profile NAME]`, and below them `key = value`",
    ),
    Lockout(
        ("MissingDependencyException",),
        "{profile} needs something that is not installed: {said}",
        lambda: "`pip install 'botocore[crt]'`, or choose another profile",
    ),
    Lockout(
        ("RefreshWithMFAUnsupportedError",),
        "the credentials of {profile} have expired, and new ones take the code of an MFA device",
        lambda: "run the same command again, which asks for it",
        LAPSED,
    ),
    Lockout(
        ("NoRegionError",),
        "no AWS region is known",
        lambda: f"`export AWS_REGION=us-east-1`, or `aws configure set region us-east-1{option()}`",
    ),
)

# Codes with which AWS refuses whoever asks, whatever is asked.
# https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
UNKNOWN_KEY = frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "InvalidToken"})
NOT_VALIDATED = "not able to validate the provided access credentials"
"""What EC2 says with `AuthFailure`, a code that it has for other things too."""
WRONG_SECRET = frozenset({"SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"})
NOT_OPEN = frozenset({"OptInRequired", "SubscriptionRequiredException"})


def shut_out(error: Exception, said: str) -> UserError | None:
    """The error for an exception of botocore that is about credentials or the configuration, if it is."""
    name = type(error).__name__
    row = next((row for row in TABLE if name in row.names), None)
    if row is None and ("SSO" in name or name.startswith("Login")):
        row = next(row for row in TABLE if ("SSOError" if "SSO" in name else "LoginError") in row.names)
    if row is None:
        return None
    there = f" in the profile `{profile()}`" if profile() else ""
    sentence = row.sentence.format(said=said.rstrip(": "), profile=_named(), there=there)
    return UserError(sentence, hint=row.hint(), code=row.code)


def no_profile(name: str, known: list[str]) -> UserError:
    """The error for a profile that is not there; `known` are those that are."""
    near = nearest(name, known)
    listed = ", ".join(f"`{each}`" for each in known[:MOST]) + (", …" if len(known) > MOST else "")
    there = f"; there are {listed}" if listed else ""
    chosen = f"`export AWS_PROFILE={_word(near)}`" if near else "`aws configure list-profiles` shows those there are"
    hint = f"{chosen}{there}; `aws configure sso --profile {_word(name)}` sets it up"
    return UserError(f"there is no AWS profile `{name}`", hint=hint, code=NO_WAY)


def hint(service: str, operation: str, code: str, message: str) -> str | None:
    """What to do about a refusal that is about who asks, and not about what is asked."""
    if (service, operation) == GET_CALLER and code in ("AccessDenied", "AccessDeniedException"):
        return (
            "no IAM policy can deny this question: a service control policy does, or the policy of an STS endpoint in "
            f"the VPC of this machine; `aws sts get-caller-identity{option()}` shows the same"
        )
    if code in UNKNOWN_KEY or NOT_VALIDATED in message:
        region = _region() or "REGION"
        return (
            f"AWS knows no such access key: `aws configure list{option()}` shows where it comes from\n"
            f"a region that is not switched on says the same: `aws account enable-region --region-name {region}`"
        )
    if code in WRONG_SECRET:
        return f"the secret does not belong to the access key: `aws configure{option()}` takes both anew"
    if code in NOT_OPEN:
        return "the account is not ready for this service: a new one takes up to a day, and a means of payment"
    return None


def assuming(operation: str) -> str:
    """What to do where the credentials themselves could not be had, as an operation of STS or SSO says."""
    if operation == "GetRoleCredentials":
        return (
            f"the SSO user has not this role in this account: `aws configure sso{option()}` shows the roles there are"
        )
    return (
        "the role's trust policy has to let these credentials in, and their own policies have to allow "
        f"`sts:{operation}`; `aws sts get-caller-identity{option()}` shows the same"
    )


def strange_region() -> str | None:
    """What to do where the region in use is none that botocore knows, so that its hosts may not exist."""
    region, session = _region(), _using.session
    partitions: Any = getattr(session, "get_available_partitions", list)()
    if not region or not isinstance(partitions, list):
        return None
    known = [name for each in partitions for name in session.get_available_regions("ec2", each)]
    if region in known or not known:
        return None
    return f"`{region}` may be no region: {did_you_mean(region, known) or 'see how it is written'}"


def profiles(session: Any) -> list[str]:
    """The names of the profiles that are set up; none where the configuration cannot be read."""
    found = getattr(session, "available_profiles", None)
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def of_account(session: Any, account: str) -> str | None:
    """A profile that leads to `account`, by its own words."""
    core = getattr(session, "_session", None)
    written: Mapping[str, Any] = getattr(core, "full_config", {}) if core is not None else {}
    known = written.get("profiles", {}) if isinstance(written, Mapping) else {}
    for name, fields in sorted(known.items()):
        role = str(fields.get("role_arn", "")).split(":")
        if account in (fields.get("sso_account_id"), fields.get("aws_account_id"), *role[4:5]):
            return str(name)
    return None


def _named() -> str:
    name = profile()
    return f"the AWS profile `{name}`" if name else "the default AWS profile"


def _region() -> str:
    name = getattr(_using.session, "region_name", None)
    return name if isinstance(name, str) else ""


def _word(text: str) -> str:
    """`text` as one word of a shell."""
    import shlex  # noqa: PLC0415 - only where something went wrong

    return shlex.quote(text)
