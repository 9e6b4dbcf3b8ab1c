#!/usr/bin/env bash
# The checks that need no running program but the compiled one.
#
#   tools/check.sh [format] [layers] [types] [docs] [size]      default: all of them
set -euo pipefail
cd "$(dirname "$0")/.."

check_format() {
    find src tests -name '*.[ch]' -print0 | xargs -0 -r clang-format --dry-run -Werror
}

check_layers() {
    python3 tests/check_layers.py
}

check_types() {
    node_modules/.bin/tsc --noEmit || return 1
    # The service worker lives in a world of its own: no window, no document.
    node_modules/.bin/tsc --noEmit --ignoreConfig --allowJs --checkJs --strict --target ES2022 \
        --lib ES2023,WebWorker --types '' web/public/sw.js
}

check_docs() {
    node tools/check_docs.mjs
}

check_size() {
    node tools/check_size.mjs
}

failed=
for check in ${*:-format layers types docs size}; do
    status=0
    "check_$check" || status=$?
    case $status in
    0) echo "check $check: passed" ;;
    77)
        echo "check $check: skipped"
        if [ $# -eq 1 ]; then exit 77; fi
        ;;
    *)
        echo "check $check: FAILED" >&2
        failed=1
        ;;
    esac
done
[ -z "$failed" ]
