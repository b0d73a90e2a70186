"""Promise 6, data survives: what AWS keeps in a bucket or a repository goes with the file's word only."""

from __future__ import annotations

import json

import pytest
from stack import environment

from mfinfra.model import Failed

pytestmark = pytest.mark.slow
MANIFEST = json.dumps({
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 1, "digest": f"sha256:{0:064}"},
    "layers": [],
})  # fmt: skip


def file_of(kind, name, force):
    return environment({kind: {"main": {"name": name, "protect": False, "force_destroy": force}}})


def fill_bucket(stack):
    s3 = stack.client("s3")
    s3.put_object(Bucket="full-of-data", Key="a", Body=b"1")
    s3.put_object(Bucket="full-of-data", Key="a", Body=b"2")
    return lambda: len(s3.list_object_versions(Bucket="full-of-data").get("Versions", ()))


def fill_repository(stack):
    ecr = stack.client("ecr")
    ecr.put_image(repositoryName="full-of-data", imageManifest=MANIFEST, imageTag="v1")
    return lambda: len(ecr.list_images(repositoryName="full-of-data")["imageIds"])


@pytest.mark.parametrize(
    ("kind", "fill", "content"),
    [("bucket", fill_bucket, 2), ("repository", fill_repository, 1)],
    ids=["objects", "images"],
)
def test_promise_6_content_stays_unless_the_file_says_force_destroy(stack, kind, fill, content):
    allowed = frozenset({f"{kind}.main"})
    kept = file_of(kind, "full-of-data", force=False)
    stack.apply(kept)
    count = fill(stack)

    run = stack.plan(kept, destroy=True, allow_destroy=allowed).apply()
    (failed,) = (event for event in run.events() if isinstance(event, Failed))
    assert "force_destroy: true" in failed.error.hint
    assert count() == content

    stack.apply(file_of(kind, "full-of-data", force=True), destroy=True, allow_destroy=allowed)
    assert stack.plan(kept, destroy=True).plan.steps == ()
