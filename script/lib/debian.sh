# shellcheck shell=bash
# Debian packages. Needs log.sh and machine.sh.

# install_packages LOG PACKAGE...: installs what is missing and nothing else.
# Neither a default PostgreSQL cluster nor a running Redis comes with it: we start our own processes,
# and a database nobody asked for would take port 5432.
install_packages() {
    local log_file=$1
    shift
    command -v apt-get >/dev/null ||
        die "these are missing and this machine has no apt-get: $*" "install them with your own package manager"
    need_root "install Debian packages: $*" "apt-get install --no-install-recommends $*"
    run_logged "$log_file" as_root bash "$(dirname "${BASH_SOURCE[0]}")/install-packages" "$@" ||
        die "these Debian packages could not be installed: $*" \
            "check the network and 'apt-get update'; see $log_file"
}
