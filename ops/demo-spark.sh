#!/usr/bin/env bash
# The warehouse on Spark: the same raw tables and models, built by a standalone cluster of two workers. The
# cluster is this script's own and is gone when it ends, however it ends; tables and catalog stand in spark/.
# With SPARK_MASTER set, the work goes to that master instead.
set -euo pipefail
cd "$(dirname "$0")/.."
source ops/steps.sh

if [[ -z ${SPARK_MASTER:-} ]]; then
    exec python ops/with_spark.py ops/demo-spark.sh
fi

if [[ ! -e profiles.yml ]]; then
    run "Use the example profile; its target spark takes the master from SPARK_MASTER" \
        cp profiles.example.yml profiles.yml
fi
export DBT_TARGET=spark
run "Install the macros that mask, from this repository" dbt --quiet deps
run "Make the salt that keys hash_pii" pii-lint salt init
run "Load the synthetic raw tables where dbt seeds fast, into a DuckDB file" \
    env ACME_DUCKDB_PATH=spark/raw.duckdb dbt --quiet seed --target dev --vars '{load_raw: true}'
run "Hand them over as Parquet files, types and all" python ops/raw_to_parquet.py spark/raw.duckdb spark/raw
run "Declare the raw tables over these files" \
    dbt --quiet run-operation load_raw_parquet --args "{folder: $PWD/spark/raw}"
build "Build and test staging, intermediate and marts, by another process on the same catalog"
run "Compile the other branch of incremental models too, so that the gate can read both" \
    dbt --quiet compile --vars '{pii_lint_incremental: true}' --target-path target/incremental
run "Follow personal data through the SQL as it was compiled for Spark" \
    pii-lint check --manifest target/manifest.json --manifest target/incremental/manifest.json
