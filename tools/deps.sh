#!/usr/bin/env bash
# Installs the Debian packages that are missing, and nothing when none is.
#
#   tools/deps.sh [native] [site] [test]    what the machine is to be able to do; default: everything
#   tools/deps.sh --list                    print the packages with their reasons
#   tools/deps.sh --update                  fetch the package lists
#
# The packages are looked for by what they bring, so that other ways of installing them count as well.
set -euo pipefail

# for | what must be there (a command, or a path) | Debian package | reason
packages='native|cmake|cmake|configures the build and runs the tests
native|make|make|the front door
native|cc|gcc|compiles the core
native|/usr/include/stb/stb_image.h|libstb-dev|decodes JPEG and PNG on the command line
native|/usr/include/cjson/cJSON.h|libcjson-dev|reads MODEL.json on the command line
native|/usr/include/gif_lib.h|libgif-dev|writes films and series as GIF on the command line
site|cmake|cmake|configures the WebAssembly builds
site|make|make|the front door
site|emcc|emscripten|compiles the core to WebAssembly
site|/usr/include/stb/stb_image.h|libstb-dev|the same decoder, in the tests that run as WebAssembly
test|clang|clang|the second compiler, and the sanitizers
test|/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.asan-*.a|libclang-rt-14-dev|the run-time of the sanitizers
test|clang-format|clang-format|checks the formatting
test|python3|python3|checks the directions of the layers
test|/usr/lib/python3/dist-packages/torch/__init__.py|python3-torch|computes what the families of networks have to equal
test|/usr/lib/python3/dist-packages/torchvision/__init__.py|python3-torchvision|the families of networks
test|/usr/lib/python3/dist-packages/onnx/__init__.py|python3-onnx|checks what is exported
test|/usr/lib/*/openblas-pthread/libopenblas.so.0|libopenblas0-pthread|without it PyTorch takes minutes more
test|/usr/lib/python3/dist-packages/PIL/__init__.py|python3-pil|makes the pictures of the gallery smaller
test|chromium|chromium|the page in a real browser
test|firefox-esr|firefox-esr|the page in a second browser'

update() {
    echo "deps: apt-get update" >&2
    $sudo apt-get update -qq
}

sudo=
if [ "$(id -u)" -ne 0 ]; then sudo=sudo; fi

case "${1:-}" in
--list)
    awk -F'|' '!seen[$3]++ { printf "%-22s %s\n", $3, $4 }' <<<"$packages"
    exit
    ;;
--update)
    update
    exit
    ;;
esac

wanted=" ${*:-native site test} "
missing=()
while IFS='|' read -r purpose needs package reason; do
    [[ $wanted == *" $purpose "* ]] || continue
    # An SDK elsewhere stands in for Debian's.
    if [ "$needs" = emcc ] && [ -n "${EMSDK:-}" ]; then continue; fi
    if [[ $needs == /* ]]; then
        compgen -G "$needs" >/dev/null && continue
    else
        command -v "$needs" >/dev/null && continue
    fi
    [[ " ${missing[*]-} " == *" $package "* ]] && continue
    echo "deps: $package is missing ($reason)" >&2
    missing+=("$package")
done <<<"$packages"

if [ ${#missing[@]} -gt 0 ]; then
    if ! command -v apt-get >/dev/null; then
        echo "deps: there is no apt-get here; install by hand what Debian calls: ${missing[*]}" >&2
        exit 1
    fi
    if [ -n "$sudo" ] && ! command -v sudo >/dev/null; then
        echo "deps: neither root nor sudo; have somebody run: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    update
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >&2
fi

if [[ $wanted == *" site "* || $wanted == *" test "* ]]; then
    major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
    if [ "$major" -lt 20 ] || ! command -v npm >/dev/null; then
        echo "deps: the page needs Node 20 or newer with npm; this machine has ${major/#0/none}." >&2
        exit 1
    fi
fi
