"""Receipts by hand."""

DONE = {
    "format_version": "1.0",
    "id": "3f9c0a17d2b84e65",
    "environment": "prod",
    "operation": "apply",
    "result": "done",
    "locked": True,
    "began": "2026-11-23T16:00:12Z",
    "ended": "2026-11-23T16:00:46Z",
    "duration_seconds": 34.2,
    "who": "arn:aws:iam::123456789012:user/ana",
    "user": "ana@laptop",
    "run_url": None,
    "source": {"path": "prod.yaml", "sha256": "ab" * 32, "commit": "4f54592c0ffee", "dirty": False},
    "plan_sha256": "9a3c1d22" + "0" * 56,
    "mfinfra_version": "0.1.0",
    "summary": {"adopt": 0, "create": 3, "update": 1, "replace": 0, "delete": 0, "unchanged": 12, "blocked": 0},
    "steps": [
        {"address": "bucket.datastore", "action": "create", "result": "done", "error": None, "seconds": 3.4},
    ],
    "calls": [
        {"address": "bucket.datastore", "service": "s3", "operation": "CreateBucket", "request_id": "7KQ2"},
    ],
    "calls_omitted": 0,
}
FAILED = {
    **DONE,
    "id": "77aa0a17d2b84e65",
    "result": "failed",
    "run_url": "https://ci.test/1",
    "source": {**DONE["source"], "dirty": True},
    "steps": [
        *DONE["steps"],
        {
            "address": "job_queue.default",
            "action": "update",
            "result": "failed",
            "error": {"code": "ClientException", "message": "`batch:UpdateJobQueue` failed: no"},
            "seconds": 0.2,
        },
        {
            "address": "role.events",
            "action": "create",
            "result": "skipped",
            "error": {"code": None, "message": "`job_queue.default` was not finished"},
            "seconds": 0.0,
        },
    ],
    "calls_omitted": 7,
}
KILLED = {
    **DONE,
    "id": "01020304d2b84e65",
    "operation": "destroy",
    "result": "did not finish",
    "locked": False,
    "ended": None,
    "duration_seconds": None,
    "source": {**DONE["source"], "commit": None, "dirty": None},
    "summary": {**DONE["summary"], "create": 0, "update": 0, "replace": 1, "delete": 2, "adopt": 4},
    "steps": [],
    "calls": [],
}
