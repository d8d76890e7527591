# shellcheck shell=bash
# What this machine is and what we may do on it. Needs log.sh.

is_root() { [ "$(id -u)" -eq 0 ]; }

# Where everything of ours lives. An unprivileged user gets a place in their own home.
plimsoll_home() {
    if [ -n "${PLIMSOLL_HOME:-}" ]; then
        printf '%s\n' "$PLIMSOLL_HOME"
    elif is_root; then
        printf '/var/lib/plimsoll\n'
    else
        printf '%s\n' "${XDG_DATA_HOME:-$HOME/.local/share}/plimsoll"
    fi
}

# need_root WHY COMMAND: ends the script, saying for what, when there is no way to become root.
need_root() {
    if is_root || { command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }; then
        return 0
    fi
    die "root is needed to $1, and neither root nor a usable sudo is at hand" \
        "run script/setup once as root, or let your user use sudo" \
        "or have somebody run: $2"
}

as_root() {
    if is_root; then
        "$@"
    else
        sudo "$@"
    fi
}

# as_service COMMAND...: as root, steps down to the user all real processes run as.
# PostgreSQL's tools refuse to run as root, and nothing of ours should.
as_service() { (exec_as_service "$@"); }

# exec_as_service COMMAND...: the same in place of this shell, so that $! is the command itself and
# a signal reaches it.
exec_as_service() {
    if is_root; then
        exec setpriv --reuid plimsoll --regid plimsoll --init-groups "$@"
    else
        exec "$@"
    fi
}

# need_disk DIRECTORY MIB: refuses early rather than failing half-way through unpacking.
need_disk() {
    local free_mib
    free_mib=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
    if [ "$free_mib" -lt "$2" ]; then
        die "disk full: $1 has $free_mib MiB free, $2 MiB are needed" \
            "free some space, or set PLIMSOLL_HOME to a directory on a larger disk"
    fi
}

# Newest installed PostgreSQL server of a version we support, its bin directory.
postgres_bin() {
    local directory
    for directory in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -t/ -k5,5 -rn); do
        local version=${directory#/usr/lib/postgresql/}
        version=${version%/bin}
        if [ -x "$directory/postgres" ] && [ "$version" -ge 15 ] 2>/dev/null; then
            printf '%s\n' "$directory"
            return 0
        fi
    done
    return 1
}

# A Python that every user may execute: a version manager's shim below /root would work for us
# and fail for the service user, so the system's own comes first.
usable_python() {
    local candidate
    for candidate in /usr/bin/python3 "$(command -v python3 || true)"; do
        [ -x "$candidate" ] || continue
        case $candidate in /root/*) continue ;; esac
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    return 1
}
