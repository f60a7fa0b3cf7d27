#!/usr/bin/env bash
# assets.sh PYTHON: the browser files of the map; npm is installed only when it is needed and missing.
set -euo pipefail
. "$(dirname "$0")/apt.sh"
cd "$(dirname "$0")/.."

current='import sys; sys.path.insert(0, "tools"); import vendor_assets; sys.exit(not vendor_assets.is_current())'
if "$1" -c "$current"; then
    exit 0
fi
if ! command -v npm > /dev/null && can_install; then
    echo "Installing Debian's nodejs and npm for the map's assets; this happens once ..."
    apt_install nodejs npm || true # the next step says what is missing
fi
exec "$1" tools/vendor_assets.py
