#!/usr/bin/env bash
# Installs what some tests need beyond Python and Node.js, on Debian and Ubuntu. What is there stays.
set -euo pipefail

there() {
    type -P "$@" >/dev/null
}

# Spark wants 17 or newer
java_is_new() {
    local java=${JAVA_HOME:+$JAVA_HOME/bin/}java
    there "$java" && "$java" -version 2>&1 | grep -Eq 'version "(1[7-9]|[2-9][0-9])'
}

packages=()
there chromium || there google-chrome || packages+=(chromium)
there promtool || packages+=(prometheus)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || packages+=(postgresql)
java_is_new || packages+=(openjdk-17-jre-headless)
if [[ ${#packages[@]} -eq 0 ]]; then
    exit 0
fi

if ! there apt-get; then
    echo "Some tests need ${packages[*]} (named as Debian does): install them." >&2
    exit 1
fi
root=()
if [[ $EUID -ne 0 ]]; then root=(sudo); fi
# neither server is wanted as a service: the tests start their own
export DEBIAN_FRONTEND=noninteractive
"${root[@]}" apt-get update --quiet --quiet
"${root[@]}" apt-get install --quiet --quiet --yes --no-install-recommends "${packages[@]}" >/dev/null
