#!/usr/bin/env bash
# All tests, in two sessions side by side that take about as long: most tests of the server wait, the others compute.
# With arguments for pytest there is one session.  test.sh PYTHON [ARGUMENTS]
set -uo pipefail
python=$1
shift
if [ $# -gt 0 ]; then exec "$python" -m pytest "$@"; fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
apart=(tests/layers tests/processing tests/geoportal/jobs tests/geoportal/test_cli_up.py)
"$python" -m pytest "${apart[@]}" > "$folder/second" 2>&1 &
"$python" -m pytest "${apart[@]/#/--ignore=}" | tee "$folder/first"
first=$?
wait $!
second=$?
cat "$folder/second"
echo "the server and the rest:     $(tail -n 1 "$folder/first")"
echo "layers, processing, workers: $(tail -n 1 "$folder/second")"
exit $((first > second ? first : second))
