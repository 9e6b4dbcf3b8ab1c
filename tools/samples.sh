#!/usr/bin/env bash
# Fills build/samples with photographs and textures under free licences, taken out of Debian's scikit-image
# package (its Python part is not installed), and writes the index that the page reads. Where there is no
# apt-get, or no network, the folder stays empty and the page works without samples.
#
#   tools/samples.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-build/samples}
package=python3-skimage

# file | title | credit
list='coffee.png|Coffee|Rachel Michetti, CC0
chelsea.png|Chelsea the cat|Stéfan van der Walt, CC0
astronaut.png|Eileen Collins|NASA, public domain
rocket.jpg|Falcon 9 lifts off|SpaceX, public domain
hubble_deep_field.jpg|Hubble eXtreme Deep Field|NASA, public domain
brick.png|Bricks|CC0 Textures, CC0
grass.png|Grass|linolafett, CC0
gravel.png|Gravel|CC0 Textures, CC0'

mkdir -p "$folder"
if [ -s "$folder/index.json" ] && [ "$(cat "$folder/index.json")" != "[]" ]; then exit 0; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

fetch() {
    command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 1
    (cd "$work" && apt-get download -qq "$package" 2>/dev/null) && return 0
    # The package lists may never have been fetched on this machine.
    tools/deps.sh --update && (cd "$work" && apt-get download -qq "$package" 2>/dev/null)
}

if fetch; then
    dpkg -x "$work"/$package*.deb "$work/tree"
else
    echo "samples: $package cannot be downloaded here; the page will have no sample pictures." >&2
fi

data="$work/tree/usr/lib/python3/dist-packages/skimage/data"
{
    separator='['
    while IFS='|' read -r file title credit; do
        [ -f "$data/$file" ] || continue
        cp "$data/$file" "$folder/$file"
        chmod 644 "$folder/$file"
        printf '%s\n  {"file": "%s", "title": "%s", "credit": "%s"}' "$separator" "$file" "$title" "$credit"
        separator=','
    done <<<"$list"
    if [ "$separator" = '[' ]; then printf '[]\n'; else printf '\n]\n'; fi
} >"$work/index.json"
mv "$work/index.json" "$folder/index.json"
