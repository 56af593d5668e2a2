"""Compile Python for the image: byte code that is right as long as it exists, in bytes that do not vary.

What is compiled depends on the order of sets, so PYTHONHASHSEED must be the same for the same bytes, and on
what the process has imported; hence this imports one thing after another always in the same way. With
PYTHONNODEBUGRANGES it is smaller: a traceback names files and lines, and marks no columns.
"""

import os
import py_compile
import shutil
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from importlib.util import cache_from_source
from pathlib import Path
from py_compile import PycInvalidationMode, PyCompileError

# What will be the root directory.
LAYER = Path(os.environ.get("LAYER", "/"))
# Where byte code is kept from build to build, if that is there, under a checksum of all that it is made of.
KEPT = Path("/var/cache/bytecode")


def name(source: Path) -> str:
    """Return what a source is called in the image, for tracebacks."""
    return str("/" / source.relative_to(LAYER) if source.is_relative_to(LAYER) else source)


def compile_to(target: Path, source: Path, mode: PycInvalidationMode) -> bool:
    """Compile a source; return whether it is Python at all."""
    try:
        py_compile.compile(str(source), str(target), name(source), doraise=True, invalidation_mode=mode)
    except PyCompileError:
        return False
    return True


def provide(target: Path, source: Path, mode: PycInvalidationMode) -> bool:
    """Compile a source, or take what a build before made of the same; return whether it is Python at all."""
    if not KEPT.is_dir():
        return compile_to(target, source, mode)
    columns = os.environ.get("PYTHONNODEBUGRANGES", "")
    made_of = f"{LAYER} {sys.version} {mode} {columns} {name(source)}\n".encode() + source.read_bytes()
    kept = KEPT / f"{sha256(made_of).hexdigest()}.pyc"
    if not (kept.exists() or compile_to(kept, source, mode)):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(kept, target)
    return True


def replace_one(source: Path) -> None:
    """Put byte code in the place of a source; Python imports it by the same name."""
    if provide(source.with_suffix(".pyc"), source, PycInvalidationMode.UNCHECKED_HASH):
        source.unlink()


def replace(sources: Iterable[Path]) -> None:
    """Put byte code in the place of sources, so that it can be the only truth."""
    with ProcessPoolExecutor() as pool:
        list(pool.map(replace_one, sorted(sources), chunksize=16))


def add(sources: Iterable[Path], mode: PycInvalidationMode) -> None:
    """Put byte code into the layer, where Python looks for it beside the sources."""
    for source in sorted(sources):
        in_layer = LAYER / Path(name(source)).relative_to("/")
        provide(Path(cache_from_source(str(in_layer))), source, mode)


def main() -> None:
    """Compile the modules below a directory of the layer, or those that a file lists.

    The former may be changed by whoever builds upon the image, so Python compares a checksum of each with its
    source. The latter lie in layers below, of the same build, and their sources are not even read.
    """
    given = Path(sys.argv[1])
    if given.is_dir():
        add(given.rglob("*.py"), PycInvalidationMode.CHECKED_HASH)
    else:
        listed = given.read_text(encoding="utf-8").splitlines()
        add(map(Path, listed), PycInvalidationMode.UNCHECKED_HASH)


if __name__ == "__main__":
    main()
