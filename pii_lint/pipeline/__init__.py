"""One story a file, and each loads only what it tells: read `check.py` first."""
