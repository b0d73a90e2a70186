"""Who sees a role or an instance profile, and when; and what documents that name a role keep of it. Strict only.

IAM tells the other services late: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html,
"Changes that I make are not always immediately visible". A document that names a role is kept with the role's unique
id, and shows that id once the role is gone, also when another of the same name is there:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles

Another service's document goes through `as_stored` when it is put and through `as_shown` when it is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from moto.iam.models import iam_backends

from mfinfra.sandbox.corrections import lag
from mfinfra.sandbox.corrections.call import Call
from mfinfra.sandbox.corrections.documents import MalformedDocumentError, many, statements
from mfinfra.sandbox.corrections.shelves import shelf

OWN_LOOKS: Final = 1
"""The most looks of IAM's own reads that do not see a new role."""


def born(kind: str, name: str) -> None:
    """Let IAM and the others see the role or profile `name` late from now on."""
    late = shelf("late in iam")
    for key in [
        key
        for key in late
        if kind == "role" and key.startswith((f"trust {name} ", f"policy {name} ", f"own policy {name} "))
    ]:
        del late[key]  # it was its namesake's, which is gone
    late[f"{kind} {name}"] = lag.Late()
    late[f"own {kind} {name}"] = lag.Late(OWN_LOOKS)


def changed(what: str, looks: int | None = None) -> None:
    """Let the change `what` be seen late from now on, by `looks` looks or as many as the sandbox is late by."""
    shelf("late in iam")[what] = lag.Late(looks)


def seen(what: str, onlooker: str) -> bool:
    """Look once; whether `onlooker` sees the role, profile or change `what` by now."""
    late = shelf("late in iam").get(what)
    return late is None or bool(late.seen_by(onlooker))


def trusted(call: Call, name: str, text: str) -> str:
    """Look once; the trust policy of the role `name` as the service of `call` sees it, where `text` is the newest."""
    return text if seen(f"trust {name} ", call.service) else str(shelf("trust before")[name])


def visible(call: Call, arn: str) -> bool:
    """Look once; whether the service of `call` sees the role or instance profile `arn`, which is there, by now."""
    kind = "profile" if ":instance-profile/" in arn else "role"
    return seen(f"{kind} {arn.rsplit('/', 1)[-1]}", call.service)


def as_stored(call: Call, text: str) -> str:
    """The policy as AWS keeps it, with unique ids in place of roles. Raises `MalformedDocumentError` for a young role.

    Call it where a policy is put, after `with_canonical_principals`.
    """
    if not lag.strict():
        return text
    ids = {role.arn: role.id for role in iam_backends[call.account][call.partition].roles.values()}

    young: list[str] = []

    def stored(principal: str) -> str:
        if principal in ids and not visible(call, principal):
            young.append(principal)
        return str(ids.get(principal, principal))

    kept = _with_principals(text, stored)
    if young:
        raise MalformedDocumentError(f'Invalid principal in policy: "AWS":"{young[0]}"')
    return kept


def as_shown(call: Call, text: str) -> str:
    """The policy as AWS shows it: the names of roles that are there, and the bare unique ids of those that are not."""
    if not lag.strict():
        return text
    arns = {role.id: role.arn for role in iam_backends[call.account][call.partition].roles.values()}
    return _with_principals(text, lambda principal: str(arns.get(principal, principal)))


def _with_principals(text: str, rewritten: Callable[[str], str]) -> str:
    document = json.loads(text)
    for statement in statements(document):
        for key in ("Principal", "NotPrincipal"):
            principal: Any = statement.get(key)
            if isinstance(principal, dict) and "AWS" in principal:
                after = [rewritten(name) for name in many(principal["AWS"])]
                principal["AWS"] = after if isinstance(principal["AWS"], list) else after[0]
    return text if document == json.loads(text) else json.dumps(document)
