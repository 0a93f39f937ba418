#!/usr/bin/env bash
# Prints what `git` sees of the working tree, so that two moments can be compared.
set -euo pipefail
cd "$(dirname "$0")/.."

git status --porcelain --untracked-files=all
git diff HEAD 2>/dev/null || git diff
git ls-files --others --exclude-standard -z | xargs -0 --no-run-if-empty sha256sum
