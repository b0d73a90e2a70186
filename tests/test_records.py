"""Where the lock and the receipts of an environment are."""

import pytest
import yaml
from stack import environment

from mfinfra import desired, records
from mfinfra.model import Address

RESOURCES = {"bucket": {"store": {"name": "metaflow-store"}, "other": {"name": "other-store"}}}
STORE = Address("bucket", "store")


@pytest.mark.parametrize(
    ("lock", "datastore", "url", "address"),
    [
        ("bucket.other", "bucket.store", "s3://other-store/mfinfra/test", Address("bucket", "other")),
        ("s3://far-away", "bucket.store", "s3://far-away/mfinfra/test", None),
        ("s3://far-away/", "bucket.store", "s3://far-away/mfinfra/test", None),
        ("s3://far-away/a/b/", None, "s3://far-away/a/b/test", None),
        ("s3://metaflow-store/a", None, "s3://metaflow-store/a/test", STORE),
        (None, "bucket.store", "s3://metaflow-store/mfinfra/test", STORE),
        (None, {"bucket": "bucket.store", "prefix": "x"}, "s3://metaflow-store/mfinfra/test", STORE),
        (None, "far-away", "s3://far-away/mfinfra/test", None),
        (None, "metaflow-store", "s3://metaflow-store/mfinfra/test", STORE),
    ],
)
def test_the_place_is_the_file_s_or_the_datastore(tmp_path, lock, datastore, url, address):
    place = records.place(read(tmp_path, lock, datastore))
    assert (str(place), place.address) == (url, address)


def test_without_any_bucket_there_is_no_place(tmp_path):
    assert records.place(read(tmp_path, None, None)) is None


def read(tmp_path, lock, datastore):
    more = {"metaflow": {"datastore": datastore}} if datastore else {}
    path = tmp_path / "environment.yaml"
    path.write_text(yaml.safe_dump(environment(RESOURCES, **({"lock": lock} if lock else {}), **more)), "utf-8")
    return desired.read(path).environment


def test_the_keys_sort_by_the_moment(tmp_path):
    place = records.Place("b", "mfinfra", "prod")
    assert place.lock == "mfinfra/prod/lock.json"
    assert place.receipt("2026-11-23T16:00:00Z", "aa11") == "mfinfra/prod/history/20261123T160000Z-aa11.json"
    assert place.receipt("2026-11-23T16:00:00Z", "aa11").startswith(place.history)
