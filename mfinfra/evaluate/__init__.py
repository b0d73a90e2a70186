"""Whether policies allow a request, decided as IAM decides it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from mfinfra.evaluate.decisions import Judgement, Matched, decide, grants, judge, trusts
from mfinfra.evaluate.requests import Caller, Decision, Request, UnjudgedError

__all__ = [
    "Caller",
    "Decision",
    "Judgement",
    "Matched",
    "Request",
    "UnjudgedError",
    "decide",
    "grants",
    "judge",
    "trusts",
]
