# Sourced by the scripts that show what they do: each step says why and with which command.
# shellcheck shell=bash

export PATH="$PWD/.venv/bin:$PATH"
export DBT_SEND_ANONYMOUS_USAGE_STATS=false

step() {
    printf '\n== %s\n   $' "$1"
    local word
    for word in "${@:2}"; do
        # quoted where a shell would need it, so that the line can be copied
        if [[ $word == *[^A-Za-z0-9_./=:-]* ]]; then word="'$word'"; fi
        printf ' %s' "$word"
    done
    echo
}

run() {
    step "$@"
    shift
    "$@"
}

# `dbt build`, of whose lines only what was made, what went wrong and the sum is shown.
build() {
    local why=$1
    shift
    step "$why" dbt build "$@"
    dbt --no-use-colors build "$@" |
        grep -E 'OK (created|snapshotted)|WARN|FAIL|ERROR|Error|Done\.' |
        sed -E 's/^[0-9:]+ +/   /; s/ \.+ \[.*//'
}
