#!/usr/bin/env bash
# All tests, in two sessions side by side: those of the server wait most of the time, the others compute.
# With arguments for pytest there is one session.  test.sh PYTHON [ARGUMENTS]
set -uo pipefail
python=$1
shift
if [ $# -gt 0 ]; then exec "$python" -m pytest "$@"; fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m pytest tests/layers tests/processing > "$folder/second" 2>&1 &
"$python" -m pytest --ignore=tests/layers --ignore=tests/processing | tee "$folder/first"
first=$?
wait $!
second=$?
cat "$folder/second"
echo "the server and the rest: $(tail -n 1 "$folder/first")"
echo "layers and processing:   $(tail -n 1 "$folder/second")"
exit $((first > second ? first : second))
