"""The guards over a plan as a whole: how much of an environment goes at once. Pure.

MF4107 more than `MOST` deletes, or over `SHARE` per cent of what stands     MF4109 a file that has lost everything
"""

from __future__ import annotations

from mfinfra.model import Block
from mfinfra.plural import counted

MOST = 5
SHARE = 30


def guards(deletes: int, standing: int, *, emptied: bool, file: str) -> tuple[Block, ...]:
    """What stops a plan that deletes `deletes` of the `standing` resources that are ours, both counted alike.

    Deletes are steps that only delete: a replacement has guards of its own. What AWS is deleting already counts as
    neither. `emptied`: the file at `file` has no resources any more, which is `destroy`'s business and no flag's.
    """
    if not deletes:
        return ()
    if emptied:
        message = (
            f"no resources are left in the file, and {counted(standing, 'resource')} of this environment still stand"
        )
        hint = f"if all of them shall go, that is `mfinfra destroy {file}`"
        return (Block("MF4109", message + ("s" if standing == 1 else ""), hint),)
    if deletes <= MOST and deletes * 100 <= standing * SHARE:
        return ()
    return (
        Block(
            "MF4107",
            f"{deletes} of {counted(standing, 'resource')} would be destroyed",
            f"more than {MOST}, or over {SHARE} % of an environment, take a word: `--max-deletes {deletes}`",
            "--max-deletes",
            str(deletes),
        ),
    )
