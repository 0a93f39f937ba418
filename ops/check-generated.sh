#!/usr/bin/env bash
# Writes the generated files anew and fails where that changes anything in the tree.
set -euo pipefail
cd "$(dirname "$0")/.."

before=$(ops/tree-state.sh)
make --no-print-directory generate
if [[ "$before" != "$(ops/tree-state.sh)" ]]; then
    git --no-pager diff --stat
    echo "Generated files were out of date: 'make generate' has written them anew, commit them." >&2
    exit 1
fi
echo "generated files are up to date"
