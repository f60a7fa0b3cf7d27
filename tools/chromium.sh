#!/usr/bin/env bash
# Make sure that Chromium is installed for the browser tests; without it they skip and say so.
set -euo pipefail
. "$(dirname "$0")/apt.sh"

command -v chromium > /dev/null || command -v chromium-browser > /dev/null && exit 0
if ! can_install; then
    echo "chromium is missing and only root may install it (sudo apt install chromium): the browser tests will skip." >&2
    exit 0
fi
echo "Installing Debian's chromium for the browser tests; this happens once ..."
apt_install chromium fonts-dejavu-core \
    || echo "chromium could not be installed: the browser tests will skip." >&2
