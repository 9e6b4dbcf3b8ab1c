#!/usr/bin/env bash
# Makes emcc available and checks its version: Debian 12's package, or the SDK that EMSDK points to.
#
#   emsdk-config/setup.sh                  install if needed, check, say what will be used
#   emsdk-config/setup.sh COMMAND...       the same, silently, then run COMMAND with the right environment
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
pinned=$(cat "$here/version")

if [ -n "${EMSDK:-}" ]; then
    if [ ! -f "$EMSDK/emsdk_env.sh" ]; then
        echo "emsdk: EMSDK is $EMSDK, but there is no emsdk_env.sh in it; unset EMSDK or correct it." >&2
        exit 1
    fi
    # shellcheck disable=SC1091
    EMSDK_QUIET=1 . "$EMSDK/emsdk_env.sh" >/dev/null
else
    command -v emcc >/dev/null || "$here/../tools/deps.sh" site
    # Debian keeps acorn, which emcc needs from -O2 up, where Node does not look for it.
    export NODE_PATH=/usr/share/nodejs${NODE_PATH:+:$NODE_PATH}
fi

version=$(emcc -dumpversion)
if [ $# -eq 0 ]; then
    echo "emsdk: emcc $version from $(command -v emcc)"
    if [ "$version" != "$pinned" ]; then
        echo "emsdk: this project is built and tested with $pinned; another version may need other flags." >&2
    fi
    exit 0
fi
exec "$@"
