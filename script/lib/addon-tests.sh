#!/usr/bin/env bash
# Tests of the addons: Odoo's own test runner, then Odoo as real processes on scratch PostgreSQL
# clusters, one of them a hot standby that is promoted. Nothing of it outlives the script but the
# cached tenant in PLIMSOLL_HOME/cache/addon-tests.
#
#   script/lib/addon-tests.sh [--only WORD]     WORD: part of a process test's name
#   script/lib/addon-tests.sh --measure-batches [...]   messages a second, one and several in a call; no test
#
# Exit: 0 all passed, 1 some failed, 2 the machine lacks something.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=log.sh
. "$root/script/lib/log.sh"
# shellcheck source=machine.sh
. "$root/script/lib/machine.sh"

"$root/script/setup"
home=$(plimsoll_home)
cache=$home/cache/addon-tests
as_service mkdir -p "$cache"
need_disk "$cache" 1024
need_disk /tmp 1024

# The service user may be unable to read a checkout in somebody's home.
addons=$root/addons
copy=
if ! as_service test -r "$addons/tests/run.py"; then
    copy=$(mktemp -d /tmp/plimsoll-addons-source.XXXXXX)
    trap 'rm -rf "$copy"' EXIT
    cp -R "$addons/." "$copy"
    chmod -R a+rX "$copy"
    addons=$copy
fi

odoo=${PLIMSOLL_ODOO:-$home/runtime/odoo}
cd /
program=run.py
if [ "${1:-}" = --measure-batches ]; then
    program=measure_batches.py
    shift
fi
status=0
exec_as_service env PYTHONDONTWRITEBYTECODE=1 "$odoo/venv/bin/python" "$addons/tests/$program" \
    --odoo "$odoo" --postgres-bin "$(postgres_bin)" --cache "$cache" "$@" &
tests=$!
# Passed on, because the tests themselves end what they started; then waited for once more.
trap 'kill -TERM "$tests" 2>/dev/null' TERM HUP INT
wait "$tests" || status=$?
if kill -0 "$tests" 2>/dev/null; then
    status=0
    wait "$tests" || status=$?
fi
exit "$status"
