"""The list of buckets."""

from __future__ import annotations

from moto.s3.models import s3_backends

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward


@correction(
    "s3",
    "ListBuckets",
    restores="Prefix, BucketRegion and pages, and each bucket's region",
    aws="https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html",
)
def list_buckets(call: Call, forward: Forward) -> Answer:
    """One page of the buckets asked for."""
    prefix, region = call.params.get("Prefix") or "", call.params.get("BucketRegion")
    start, size = call.params.get("ContinuationToken") or "", call.params.get("MaxBuckets")
    call.params = {}
    answer, known = forward(), s3_backends[call.account][call.partition].buckets
    found = []
    for bucket in sorted(answer.get("Buckets") or [], key=lambda bucket: str(bucket["Name"])):
        place = known[bucket["Name"]].region_name
        if bucket["Name"].startswith(prefix) and bucket["Name"] > start and region in (None, place):
            found.append({"Name": bucket["Name"], "CreationDate": bucket["CreationDate"], "BucketRegion": place})
    page = found[: size or len(found)]
    rest = {"ContinuationToken": page[-1]["Name"]} if len(page) < len(found) else {}
    return {"Buckets": page, "Owner": answer.get("Owner", {}), **({"Prefix": prefix} if prefix else {})} | rest
