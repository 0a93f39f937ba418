#!/usr/bin/env bash
# The control validation for CI: an application's schema on a PostgreSQL of its own, the guards on it,
# the check twice around a way down and up again, and the checklist.
set -euo pipefail
cd "$(dirname "$0")/.."

exec .venv/bin/python -m tests.postgres.controls "$@"
