"""The fast path: what Polars accepts without asking the exact path, and only that."""
