#!/usr/bin/env bash
# The warehouse filled from a real PostgreSQL instead of the seeds. The server is this script's own and is
# gone when it ends, however it ends; the warehouse stands in acme_postgres.duckdb.
set -euo pipefail
cd "$(dirname "$0")/.."
source ops/steps.sh

if [[ -z ${ACME_SOURCE:-} ]]; then
    exec python ops/with_postgres.py env ACME_SOURCE=1 ops/demo-postgres.sh
fi

export ACME_DUCKDB_PATH=acme_postgres.duckdb
if [[ ! -e profiles.yml ]]; then
    run "Use the example profile, a DuckDB file" cp profiles.example.yml profiles.yml
fi
run "Fill the product's database with synthetic rows" psql --quiet --set ON_ERROR_STOP=1 --file ops/source.sql
# from here on a role that may only read
export PGUSER=sync_warehouse
run "Install the macros that mask, from this repository" dbt --quiet deps
run "Read what the sources' YAML says" dbt --quiet parse
run "Make the salt that keys hash_pii" pii-lint salt init
run "Load the raw tables; payloads go through Layer 1" pii-lint sync
run "Load them again: only what changed, where a table says by what" pii-lint sync
build "Build and test staging, intermediate and marts"
run "Compile the other branch of incremental models too, so that the gate can read both" \
    dbt --quiet compile --vars '{pii_lint_incremental: false}' --target-path target/full
run "Follow personal data through the compiled SQL" \
    pii-lint check --manifest target/manifest.json --manifest target/full/manifest.json

run "Somebody adds a personal column to the product" \
    psql --quiet --username postgres --command 'alter table app_user add column ssn text'
step "Load again: nobody tagged it, so nothing is loaded" pii-lint sync
code=0
pii-lint sync || code=$?
if [[ $code -ne 1 ]]; then
    echo "The sync should have stopped at the new column with exit code 1, but ended with $code." >&2
    exit 1
fi
