#!/usr/bin/env bash
# Write requirements/*.txt anew from pyproject.toml: exact versions, hashes, nothing about where they come from.
# Needs uv on the PATH; packages already pinned stay as they are unless --upgrade is given.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v uv > /dev/null || { echo "tools/lock.sh needs uv on the PATH (pip install uv)." >&2; exit 1; }
options=(--universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-emit-find-links
    --no-header --no-annotate --quiet)
uv pip compile pyproject.toml --group build --group dev "${options[@]}" "$@" --output-file requirements/dev.txt
uv pip compile pyproject.toml --group build "${options[@]}" --constraint requirements/dev.txt \
    --output-file requirements/runtime.txt
uv pip compile requirements/bench.in "${options[@]}" --constraint requirements/dev.txt \
    --output-file requirements/bench.txt
