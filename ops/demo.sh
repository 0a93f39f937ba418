#!/usr/bin/env bash
# The whole story: a warehouse that the gate passes, then the incident that it stops.
set -euo pipefail
cd "$(dirname "$0")/.."
source ops/steps.sh

ops/warehouse.sh
run "Follow personal data through the compiled SQL" \
    pii-lint check --manifest target/manifest.json --manifest target/full/manifest.json
run "Write the page that an auditor opens" \
    pii-lint report --manifest target/manifest.json --manifest target/full/manifest.json \
    --output target/pii-lint-report.html

incident=tests/projects/wt07
dirs=(--project-dir "$incident" --profiles-dir "$incident")
mkdir -p "$incident/target"
run "Load the raw tables of the incident" dbt --quiet seed "${dirs[@]}" --vars '{load_raw: true}'
build "Build the incident: dbt and its tests see nothing wrong" "${dirs[@]}"
step "Let the gate look at it" pii-lint check --project-dir "$incident"
code=0
pii-lint check --project-dir "$incident" || code=$?
if [[ $code -ne 1 ]]; then
    echo "The gate should have stopped the incident with exit code 1, but ended with $code." >&2
    exit 1
fi

cat <<'END'

== What happened
   1. A warehouse was built in acme.duckdb from raw tables to marts, with a salt that stands in no file.
   2. The gate followed personal data column by column through its compiled SQL and passed it.
   3. The same gate stopped the incident of 2024 (exit code 1), naming each path from source to export.

== Where to look next
   target/pii-lint-report.html         verdict, lineage of every column, proofs: open it in a browser
   target/static_index.html            the warehouse's documentation; filter its graph by tag:pii
   models/raw/                         where labels are born: the only place personal columns are declared
   pii_lint.yml                        the privacy policy that the gate enforces
   tests/projects/wt07/README.md       the incident, and what would have prevented it
   docs/guide.md                       how to use the gate in your own project
   pii-lint check --format json        the same report for machines (it is in .venv/bin)
END
