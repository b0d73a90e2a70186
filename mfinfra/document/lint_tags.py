"""The rules of `lint` for tags: what AWS refuses of all that a resource is given, by the file and by us."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mfinfra import drift, ownership
from mfinfra.document.tree import Path, Tree, shown
from mfinfra.errors import Problem
from mfinfra.model import Environment, Resource

# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
MOST = 50


def findings(environment: Environment, tree: Tree) -> Iterator[Problem]:
    """Every finding about the tags of a resource, those of the environment among them."""
    for resource in environment.resources.values():
        ours = (*ownership.tags(resource.scope, resource.address), drift.TAG)
        every = len(resource.tags) + len(ours)
        if every > MOST:
            message = f"with those of the environment and {len(ours)} of mfinfra these are {every} tags"
            yield tree.problem(
                _place(resource, tree), message, code="MF1113", hint=f"AWS takes {MOST} on a resource", key=True
            )
        if resource.kind == "role":
            yield from _alike(resource, tree, ours)


def _alike(resource: Resource, tree: Tree, ours: Iterable[str]) -> Iterator[Problem]:
    """IAM holds keys that differ in upper and lower case only for one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
    """
    seen = {key.lower(): key for key in ours}
    for key in resource.tags:
        first = seen.setdefault(key.lower(), key)
        if first != key:
            message = f"`{shown(key)}` and `{shown(first)}` are one key to IAM, and `{resource.address}` has both"
            yield tree.problem(_place(resource, tree, key), message, code="MF1113", hint="keep one of them", key=True)


def _place(resource: Resource, tree: Tree, *key: str) -> Path:
    """Where the resource's own tags, or the one with that key, stand; else those of the environment."""
    own = ("resources", resource.kind, resource.address.name, "tags", *key)
    node = tree.root
    for step in own:
        below = node.child(step)
        if below is None:
            return ("tags", *key)
        node = below
    return own
