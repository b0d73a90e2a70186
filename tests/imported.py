"""What an import writes of one resource, where AWS answers as a golden case says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import golden

from mfinfra import observe, ownership
from mfinfra.aws.calls import Answer
from mfinfra.importing import identity
from mfinfra.importing.book import Book
from mfinfra.importing.least import Writing
from mfinfra.importing.memory import Memory, Unfit
from mfinfra.importing.start import Seed
from mfinfra.importing.walk import Found, whole
from mfinfra.model import Address, Call

# What cases leave out because nothing of it is wished there.
UNTOLD = {"ListRoles": {"Roles": []}, "GetPublicAccessBlock": {}}


@dataclass
class Reader:
    """Answers by operation, as golden cases have them; a list of `when` and `answer` tells questions apart."""

    answers: dict[str, Any]
    parallelism: int = 4
    asked: list[Call] = field(default_factory=list)

    def ask(self, call):
        self.asked.append(call)
        untold = call.operation not in self.answers and call.operation in UNTOLD
        return Answer(UNTOLD[call.operation] if untold else golden.answer_for(call, self.answers))


def found(kind, case):
    """What stands in a golden case, and the memory of having looked; `None` where nothing does."""
    wished = golden.resource_of(kind, case)
    memory = Memory(Reader(golden.unfold(case.get("answers", {}), kind)))
    fields = {name: wished.spec[name] for name in identity.anchors(kind)}
    observed = memory.run({"": observe.observe(whole(kind, fields, wished.scope))})[""]
    if observed is None or isinstance(observed, Unfit) or observed.leaving or observed.scheduled:
        return None, memory
    owner = ownership.Ownership(ownership.Standing.NOBODYS)
    return Found(Seed(kind, fields, "a test"), fields, observed, owner), memory


def writing(kind, case, book=None):
    """The search for the words about what stands in a golden case; `None` where nothing does."""
    one, memory = found(kind, case)
    if one is None:
        return None
    scope = golden.resource_of(kind, case).scope
    return Writing(memory, book or Book({}), scope, Address(kind, "main"), one)
