# shellcheck shell=bash
# Debian packages. Needs log.sh and machine.sh.

# install_packages PACKAGE...: installs what is missing and nothing else.
# Neither a default PostgreSQL cluster nor a running Redis comes with it: we start our own processes,
# and a database nobody asked for would take port 5432.
install_packages() {
    command -v apt-get >/dev/null ||
        die "these are missing and this machine has no apt-get: $*" "install them with your own package manager"
    as_root "install Debian packages: $*" bash "$(dirname "${BASH_SOURCE[0]}")/install-packages" "$@"
}
