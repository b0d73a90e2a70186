"""What AWS keeps for days after its deletion, and gives back to whoever asks: keys and secrets.

To delete and make such a thing anew is not the same as to take it back: what a deleted key has encrypted no new key can
read, and a deleted secret keeps its name and its value. So the one that is still there is restored.
https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

from mfinfra.drivers._declared import Kind
from mfinfra.model import Action, Answers, Effects, FieldChange, Observed, Questions, Resource, Step

STATUS = "status"
"""The fact that holds the state in AWS's own word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoverable(Kind):
    """A kind whose resources AWS deletes on a day to come. `usable` is AWS's word for one that is in order.

    `revive` brings one that is not back into use, before anything else is written to it; `regained` says why in words.
    """

    usable: str
    revive: Callable[[Observed], Effects]
    regained: Callable[[Observed], str]

    def step(self, resource: Resource, observed: Observed | None) -> Step:
        """As any kind's, after what is wished again has been taken back."""
        step = Kind.step(self, resource, observed)
        if observed is None or observed.leaving or step.action is Action.REPLACE:
            return step
        reviving = self.revive(observed)
        if not reviving:
            return step
        change = FieldChange((STATUS,), observed.facts[STATUS], self.usable)
        return replace(
            step,
            action=Action.UPDATE,
            changes=(change, *step.changes),
            effects=(*reviving, *step.effects),
            because=self.regained(observed),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought(Recoverable):
    """One whose id AWS invents and that has no name of its own.

    `seek` asks for the id and returns the resource with it in its spec; `None` where there is no such resource.
    """

    seek: Callable[[Resource], Generator[Questions, Answers, Resource | None]]

    def observe(self, resource: Resource) -> Generator[Questions, Answers, Observed | None]:
        """Look for it, then ask as any kind does."""
        found = yield from self.seek(resource)
        if found is None:
            return None
        return (yield from Kind.observe(self, found))
