#!/usr/bin/env bash
# Tries the promise out: the warehouse is built, then built again with altered personal data.
set -euo pipefail
cd "$(dirname "$0")/.."
source ops/steps.sh

ops/warehouse.sh
run "Alter personal data, one kind at a time, and see what moves" \
    pii-lint verify --evidence target/evidence.json
