# shellcheck shell=bash
# Talk goes to stderr, so that a script's stdout stays data.
# Exit codes are those of the product: 1 the answer is no, 2 we or the machine failed, 64 bad usage.

log() { printf '%s\n' "$*" >&2; }

step() { printf '==> %s\n' "$*" >&2; }

warn() { printf 'warning: %s\n' "$*" >&2; }

# die MESSAGE [HINT...]: one line that says what is missing, then what would help.
die() {
    printf 'error: %s\n' "$1" >&2
    shift
    local hint
    for hint in "$@"; do
        printf '  hint: %s\n' "$hint" >&2
    done
    exit 2
}

# run_logged LOG COMMAND...: quiet when it works, the last lines of its output when it does not.
run_logged() {
    local log_file=$1
    shift
    if ! "$@" >>"$log_file" 2>&1; then
        printf '  --- last lines of %s\n' "$log_file" >&2
        tail -n 15 "$log_file" | sed 's/^/  /' >&2
        return 1
    fi
}
