#!/usr/bin/env bash
# install.sh runtime|dev: bring .venv to the pinned, hashed packages of requirements/, and the project itself.
# A stamp remembers what was installed, so that a second call takes no time; another Python, another place
# of the checkout or other pins make the environment anew or bring it up to date.
set -euo pipefail
cd "$(dirname "$0")/.."
kind="$1"
venv=.venv

mkdir -p .geoportal
exec 9> .geoportal/install.lock # two calls at once take turns
flock 9

# The environment holds absolute paths: it is of use only to this place and this Python.
base="$(pwd -P)"
if [ -e "$venv" ] && ! { [ "$(cat "$venv/base" 2> /dev/null)" = "$base" ] && "$venv/bin/python" -c '' 2> /dev/null; }; then
    rm -rf "$venv"
fi
if [ ! -e "$venv" ]; then
    python="$(bash tools/python.sh)"
    echo "Making $venv with $("$python" --version) ..."
    if [ "${#base}" -gt 350 ]; then
        # PROJ's database cannot be opened by a path of 512 bytes: far down, .venv is a link to a short place.
        short="${XDG_CACHE_HOME:-$HOME/.cache}/geoportal/venv-$(printf '%s' "$base" | sha256sum | head -c 12)"
        rm -rf "$short" "$venv"
        mkdir -p "$short"
        ln -s "$short" "$venv"
    fi
    # Never half-made: without its `base` an interrupted making is begun anew.
    "$python" -m venv "$(readlink -f "$venv")"
    printf '%s' "$base" > "$venv/base"
fi
venv="$(readlink -f "$venv")"

stamp="$venv/stamp-$kind"
wanted="$(cat requirements/*.txt pyproject.toml tools/install.sh | sha256sum)"
[ "$(cat "$stamp" 2> /dev/null)" = "$wanted" ] && exit 0
# What the tests need holds all that running needs.
[ "$kind" = runtime ] && [ "$(cat "$venv/stamp-dev" 2> /dev/null)" = "$wanted" ] && exit 0

quiet=--quiet
[ -t 1 ] && quiet=--progress-bar=on
count="$(grep -c '^[a-z]' "requirements/$kind.txt")"
echo "Installing $count packages ($kind) into $venv; this happens once ..."
pip=("$venv/bin/python" -m pip install --disable-pip-version-check --no-deps --no-compile "$quiet")
# Wheels only: nothing of a package runs while it is installed, and no compiler is needed.
"${pip[@]}" --require-hashes --only-binary :all: --requirement "requirements/$kind.txt"
"${pip[@]}" --no-build-isolation --editable .
# pygeoapi's wheel brings a package `tests` of its own, which a child process would find instead of ours.
rm -rf "$venv"/lib/python3*/site-packages/tests
# Compiled once, on all cores, and not at each start (some files are templates, which cannot be).
"$venv/bin/python" -m compileall -q -j 0 "$venv/lib" > /dev/null || true
printf '%s' "$wanted" > "$stamp"
