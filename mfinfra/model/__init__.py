"""The nouns: frozen values that every other module speaks in. Imports the standard library only.

A *spec* maps a field to its value. `None` means "not managed": left as AWS has it. An empty value (`""`, `[]`, `{}`)
means "managed: there shall be none". Values that AWS invents are `Ref`s until they are known.
"""

from mfinfra.model.checks import (
    Check,
    Checked,
    CheckQuestions,
    Command,
    Finding,
    Pause,
    Question,
    Stage,
    Touch,
    Verdict,
)
from mfinfra.model.effects import Call, Census, Drain, Effect, Effects, Merge, Settle
from mfinfra.model.events import Called, Done, Event, Failed, Skipped, Started, Waiting
from mfinfra.model.resources import Access, Environment, Observed, Resource, Source, Work
from mfinfra.model.sends import Sends
from mfinfra.model.steps import Action, Answers, Asking, Block, Driver, FieldChange, Questions, Step, WorkOf
from mfinfra.model.values import (
    RUN,
    Address,
    Document,
    Mark,
    Outputs,
    Ref,
    Scope,
    Spec,
    Template,
    Unknown,
    fill,
    plain,
    refs,
)

__all__ = [
    "RUN",
    "Access",
    "Action",
    "Address",
    "Answers",
    "Asking",
    "Block",
    "Call",
    "Called",
    "Census",
    "Check",
    "CheckQuestions",
    "Checked",
    "Command",
    "Document",
    "Done",
    "Drain",
    "Driver",
    "Effect",
    "Effects",
    "Environment",
    "Event",
    "Failed",
    "FieldChange",
    "Finding",
    "Mark",
    "Merge",
    "Observed",
    "Outputs",
    "Pause",
    "Question",
    "Questions",
    "Ref",
    "Resource",
    "Scope",
    "Sends",
    "Settle",
    "Skipped",
    "Source",
    "Spec",
    "Stage",
    "Started",
    "Step",
    "Template",
    "Touch",
    "Unknown",
    "Verdict",
    "Waiting",
    "Work",
    "WorkOf",
    "fill",
    "plain",
    "refs",
]
