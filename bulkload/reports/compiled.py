"""A template as Jinja compiles it, kept in the user's cache directory from one run to the next.

Compiling takes longer than filling it in for a small run.
"""

from __future__ import annotations

import os
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import jinja2
import platformdirs
from jinja2.bccache import Bucket


def compiled(name: str, text: str, *, cache: Path | None = None) -> jinja2.Template:
    """Return a template that escapes all that is put into it.

    Args:
        name: What it is called in the cache.
        text: The template.
        cache: Folder for what was compiled; None: the user's cache directory.
    """
    folder = platformdirs.user_cache_path("bulkload") / "templates" if cache is None else cache
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.DictLoader({name: text}),
        # What one version of Jinja has compiled need not be right for another.
        bytecode_cache=_Kept(str(folder), f"{name}-{version('jinja2')}-%s.cache")
        if _is_private(folder)
        else None,
    )
    return environment.get_template(name)


class _Kept(jinja2.FileSystemBytecodeCache):
    def dump_bytecode(self, bucket: Bucket) -> None:
        # Without room for it the next run compiles again: slower, not wrong.
        with suppress(OSError):
            super().dump_bytecode(bucket)


def _is_private(folder: Path) -> bool:
    """Return whether nobody else can write into a folder, which is made if need be.

    What is kept there is code: who can write it can run it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError:
        return False
    # Windows has neither owners by number nor modes, and gives every user folders of their own.
    return not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o022)
