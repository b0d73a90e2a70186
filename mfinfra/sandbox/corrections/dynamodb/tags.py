"""Tags of tables, written in their own time."""

from __future__ import annotations

from mfinfra.sandbox.corrections import correction, lag, propagation
from mfinfra.sandbox.corrections.call import Answer, Call, Forward
from mfinfra.sandbox.corrections.dynamodb.state import API, described
from mfinfra.sandbox.corrections.shelves import shelf


@correction(
    "dynamodb",
    "TagResource",
    "UntagResource",
    restores="ResourceNotFoundException for a table that is not there; strict: tags that are not listed at once",
    aws=f"{API}/API_TagResource.html",
)
def tagged_table(call: Call, forward: Forward) -> Answer:
    """Tag only what is there."""
    arn = call.params["ResourceArn"]
    if ":table/" not in arn:
        return forward()
    described(call, arn.split(":table/")[-1])
    if lag.strict():
        shelf("table tags")[arn] = call.ask("dynamodb", "ListTagsOfResource", ResourceArn=arn)
    answer = forward()
    propagation.begin("table tags", arn, looks=propagation.ONE)
    return answer


@correction(
    "dynamodb",
    "ListTagsOfResource",
    restores="strict: the tags of before, for a look",
    aws=f"{API}/API_UntagResource.html",
)
def tags_of_before(call: Call, forward: Forward) -> Answer:
    """The tags that DynamoDB knows by now: to tag is asynchronous."""
    answer, arn = forward(), call.params["ResourceArn"]
    if propagation.pending("table tags", arn):
        before: Answer = shelf("table tags")[arn]
        return before
    return answer
