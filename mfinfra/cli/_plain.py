"""Values of the command line that need no parser, taken as they are.

typer 0.29 reads every value with pydantic, whose import takes longer than `mfinfra --help` does altogether. Text, paths
and values that already have their type are taken here; whatever else there is goes to typer's own way, as does
everything with a typer that works in another way: then starting takes longer, and nothing else changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args, get_origin


class Plain:
    """Stands where typer keeps a parameter's parser, and makes room for it when it is needed."""

    @staticmethod
    def coerce(value: Any, param: Any, ctx: Any) -> Any:
        """`value` with the type that its parameter is annotated with; raises typer's `BadParameter`."""
        many = bool(param.multiple) or param.nargs == -1
        if value is None:
            return () if many else None
        taken = _taken(value, param.type_descriptor.annotation)
        if taken is not None:
            return taken
        param._runtime_param = None  # noqa: SLF001 - the place that typer looks into for its parser
        return param.get_runtime_param().coerce(value, param, ctx)


def prepare(params: Iterable[Any]) -> None:
    """Put `Plain` into every parameter that would have its parser built."""
    for param in params:
        if getattr(param, "_runtime_param", param) is None and hasattr(param, "type_descriptor"):
            param._runtime_param = Plain  # noqa: SLF001 - as above


def _taken(value: Any, annotation: Any) -> Any:
    """`value` as `annotation` has it; `None` where that takes a parser."""
    if get_origin(annotation) is list and isinstance(value, (list, tuple)):
        (each,) = get_args(annotation)
        items = [_taken(item, each) for item in value]
        return None if None in items else items
    if annotation is Path and isinstance(value, str):
        return Path(value)
    return value if isinstance(annotation, type) and isinstance(value, annotation) else None
