#!/usr/bin/env bash
# Builds the warehouse from the shipped synthetic data. Run it again as often as you like: tables are
# replaced, the salt stays.
set -euo pipefail
cd "$(dirname "$0")/.."
source ops/steps.sh

if [[ ! -e profiles.yml ]]; then
    run "Use the example profile, a DuckDB file" cp profiles.example.yml profiles.yml
fi
run "Install the macros that mask, from this repository" dbt --quiet deps
run "Make the salt that keys hash_pii" pii-lint salt init
run "Load the raw tables from synthetic data" dbt --quiet seed --vars '{load_raw: true}'
build "Build and test staging, intermediate and marts"
# the seeds hold everybody, whoever asked to be forgotten since
run "Take out again whoever was forgotten" pii-lint forget-subject --returned --yes --build
run "Write the documentation, with the SQL as it was compiled" dbt --quiet docs generate --static
run "Compile the other branch of incremental models too, so that the gate can read both" \
    dbt --quiet compile --vars '{pii_lint_incremental: false}' --target-path target/full
