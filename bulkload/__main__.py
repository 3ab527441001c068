"""`bulkload` and `python -m bulkload`."""

import gc
import os
import signal
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    set_up()
    try:
        from bulkload.cli import main as command_line

        code = command_line()
    except KeyboardInterrupt:
        # It came before the command line could take it, or after.
        sys.stderr.write("stopped\n")
        code = 128 + signal.SIGINT
    # All that is left ends with the process; looking for garbage among it first would find none.
    gc.freeze()
    sys.exit(code)


def set_up() -> None:
    """Fit the process to one run; libraries read this when they are loaded, so it comes first."""
    # Polars' allocator keeps freed pages for ten seconds; after one, a run needs 50 MB less, and what
    # the next batch needs is still there.
    os.environ.setdefault("_RJEM_MALLOC_CONF", "narenas:1,dirty_decay_ms:1000,muzzy_decay_ms:0")
    # Reading, preparing and judging have a thread each; those of Polars would only take turns with them.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    # Plugins would have a say in verdicts, and looking for them reads the metadata of all packages.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Start-up makes many objects that all stay; looking for garbage among them finds none.
    gc.set_threshold(200_000, 50, 50)


if __name__ == "__main__":
    main()
