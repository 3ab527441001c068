"""Write the expected rejects of the messy sample anew: `python -m tests.samples.expected`.

Read the difference before committing it: every line is a promise about what users are told.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from tests.samples.generate import SAMPLES

EXPECTED = SAMPLES / "customers-messy.expected-rejects.csv"


def main() -> None:
    """Validate the messy sample and keep its rejects file."""
    import bulkload

    with tempfile.TemporaryDirectory() as folder:
        os.environ["BULKLOAD_STATE_DIR"] = folder
        options = bulkload.LoadOptions(out=Path(folder) / "run")
        bulkload.validate(SAMPLES / "customers-messy.csv", options)
        shutil.copyfile(Path(folder) / "run" / "rejects.csv", EXPECTED)


if __name__ == "__main__":
    main()
