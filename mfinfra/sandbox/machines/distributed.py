"""A Map each of whose items is an execution of its own.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Sequence
from typing import Any, Final

from mfinfra.sandbox.machines.failure import READER, THRESHOLD, WRITER, StateError
from mfinfra.sandbox.machines.maps import Entered, each
from mfinfra.sandbox.machines.templates import effective
from mfinfra.sandbox.machines.world import Child, Limits, MapRun

MOST_CHILDREN: Final = 1000
"""Executions of one run at once: `MaxConcurrency` on the page above, where it is 0 and nothing else was agreed."""


async def distributed(entered: Entered) -> Any:
    """The outputs of the children in order, or where they were written. Raises `StateError`."""
    line = entered.line
    items = await _read(entered) if "ItemReader" in entered.state else entered.items()
    line.tell("MapStateStarted", length=len(items))
    map_run = line.world.begin(entered.state.get("Label", entered.name), len(items), _limits(entered))
    line.tell("MapRunStarted", mapRunArn=map_run.arn)
    children: list[Child] = []
    try:
        outputs = await _children(entered, items, map_run, children)
        written = await _write(entered, map_run, children)
    except StateError as failure:
        map_run.ended("FAILED")
        if failure.error == THRESHOLD:
            await _write(entered, map_run, children)
        line.tell("MapRunFailed", error=failure.error, cause=failure.cause)
        line.tell("MapStateFailed", error=failure.error, cause=failure.cause)
        raise
    except asyncio.CancelledError:
        map_run.ended("ABORTED")
        line.tell("MapRunAborted")
        raise
    map_run.ended("SUCCEEDED")
    line.tell("MapRunSucceeded")
    line.tell("MapStateSucceeded")
    return outputs if written is None else written


async def _children(entered: Entered, items: Sequence[Any], map_run: MapRun, children: list[Child]) -> list[Any]:
    """Run all children, and note in `children` how each ended; the outputs of those that succeeded."""
    tolerated = _tolerated(entered, len(items))

    async def one(index: int, item: Any) -> Child:
        context = {**entered.line.context, "Map": {"Item": {"Index": index, "Value": item}}}
        ended = await map_run.child(entered.processor, entered.given(item, context))
        children.append(ended)
        if sum(child.status != "SUCCEEDED" for child in children) > tolerated:
            raise StateError(THRESHOLD, "The specified tolerated failure threshold was exceeded")
        return ended

    lines = [one(index, item) for index, item in enumerate(items)]
    ended = await each(lines, entered.at_once(MOST_CHILDREN))
    return [child.output for child in ended if child.status == "SUCCEEDED"]


def _limits(entered: Entered) -> Limits:
    count, share = entered.limit("ToleratedFailureCount"), entered.limit("ToleratedFailurePercentage")
    return Limits(int(entered.limit("MaxConcurrency") or 0), int(count or 0), float(share or 0))


def _tolerated(entered: Entered, items: int) -> int:
    """How many children may fail: the smaller of the two limits, where one is set."""
    count, share = entered.limit("ToleratedFailureCount"), entered.limit("ToleratedFailurePercentage")
    limits = [count, None if share is None else items * share / 100]
    return math.floor(min((limit for limit in limits if limit is not None), default=0))


async def _read(entered: Entered) -> list[Any]:
    """The items that an `ItemReader` reads: of a JSON file an array, or an object's members as keys and values.

    https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
    """
    reader, line = entered.state["ItemReader"], entered.line
    config = reader.get("ReaderConfig", {})
    if not reader["Resource"].endswith(":s3:getObject") or config.get("InputType") != "JSON":
        raise StateError(READER, "the sandbox reads items from JSON files in S3 only")
    try:
        answer = await line.world.perform(reader["Resource"], effective(reader, entered.value, line.context), line)
        items = json.loads(answer["Body"])
    except ValueError as error:
        raise StateError(READER, f"Attempting to parse the JSON file failed: {error}") from error
    except StateError as failure:
        raise StateError(READER, failure.cause) from failure
    if isinstance(items, dict):
        items = [{"Key": key, "Value": inner} for key, inner in items.items()]
    if not isinstance(items, list):
        raise StateError(READER, "The JSON file must hold an array or an object")
    return items[: config.get("MaxItems") or None]


async def _write(entered: Entered, map_run: MapRun, children: Sequence[Child]) -> dict[str, Any] | None:
    """Write the results where a `ResultWriter` says; what the Map gives then, `None` where there is none.

    https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
    """
    if "ResultWriter" not in entered.state:
        return None
    writer, line = entered.state["ResultWriter"], entered.line
    place = effective(writer, entered.value, line.context)
    folder = "/".join(part for part in (place.get("Prefix", "").strip("/"), map_run.arn.rsplit(":", 1)[-1]) if part)
    files: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}

    async def put(key: str, content: Any) -> int:
        body = json.dumps(content, separators=(",", ":"))
        await line.world.perform(writer["Resource"], {"Bucket": place["Bucket"], "Key": key, "Body": body}, line)
        return len(body.encode())

    try:
        for status, listed in files.items():
            rows = [dict(child.record) for child in children if child.status == status]
            if rows:
                key = f"{folder}/{status}_0.json"
                listed.append({"Key": key, "Size": await put(key, rows)})
        manifest = {"DestinationBucket": place["Bucket"], "MapRunArn": map_run.arn, "ResultFiles": files}
        await put(f"{folder}/manifest.json", manifest)
    except StateError as failure:
        raise StateError(WRITER, failure.cause) from failure
    details = {"Bucket": place["Bucket"], "Key": f"{folder}/manifest.json"}
    return {"MapRunArn": map_run.arn, "ResultWriterDetails": details}
