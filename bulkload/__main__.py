"""`bulkload` and `python -m bulkload`."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from bulkload.cli import main as command_line

    sys.exit(command_line())


if __name__ == "__main__":
    main()
