"""The environment file: text → validated, resolved desired state, and back."""

from mfinfra.document.read import Reading, read
from mfinfra.document.write import show, write

__all__ = ["Reading", "read", "show", "write"]
