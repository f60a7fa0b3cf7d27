#!/usr/bin/env bash
# Print the path of a Python >= 3.12 that can make a virtual environment; say what to do when there is none.
# Looked for: $PYTHON, then PATH, then the versions that pyenv keeps.
set -euo pipefail

# usable PROGRAM: print its real path (behind pyenv's shims), or fail.
usable() {
    "$1" -c 'import sys
if sys.version_info < (3, 12): sys.exit(1)
import ensurepip, venv
print(sys.executable)' 2> /dev/null
}

if [ -n "${PYTHON:-}" ]; then
    usable "$PYTHON" && exit 0
    echo "PYTHON=$PYTHON is not a Python >= 3.12 with the modules venv and ensurepip." >&2
    exit 1
fi

without_venv=""
for name in python3.12 python3.13 python3.14 python3 python; do
    command -v "$name" > /dev/null || continue
    usable "$name" && exit 0
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2> /dev/null; then
        without_venv="$("$name" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')"
    fi
done
for program in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python3; do
    [ -x "$program" ] && usable "$program" && exit 0
done

if [ -n "$without_venv" ]; then
    echo "$without_venv is here but cannot make a virtual environment: install Debian's $without_venv-venv and try again." >&2
else
    echo "No Python >= 3.12 was found (on the PATH, or among pyenv's versions): install one" \
        "(Debian 13: apt install python3-venv; else: pyenv install 3.12), or name one: make run PYTHON=/path/to/python3.12" >&2
fi
exit 1
