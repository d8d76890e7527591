# shellcheck shell=bash
# Debian packages: installed, or only fetched from another suite. Needs log.sh and machine.sh.

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

# The archive this machine already trusts and reaches; asking apt itself spares us two file formats.
debian_archive_uri() {
    local codename uri
    codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
    uri=$(apt-get indextargets --format '$(CREATED_BY) $(RELEASE) $(COMPONENT) $(REPO_URI)' 2>/dev/null |
        awk -v release="$codename" '$1 == "Packages" && $3 == "main" && $2 == release { print $4; exit }')
    [ -n "$uri" ] || return 1
    printf '%s\n' "$uri"
}

# private_apt DIRECTORY TOOL ARGUMENTS...: an apt tool with its own sources, lists and state below DIRECTORY.
private_apt() {
    local directory=$1 tool=$2
    shift 2
    APT_LISTCHANGES_FRONTEND=none "$tool" -c "$directory/apt.conf" "$@"
}

# prepare_private_apt DIRECTORY LOG SUITE...: writes the private apt configuration and fetches the suites' indexes.
prepare_private_apt() {
    local directory=$1 log_file=$2 uri options='' suite
    shift 2
    uri=$(debian_archive_uri) ||
        die "no Debian archive is configured for this release on this machine" \
            "add Debian's main archive to /etc/apt/sources.list.d"
    [ -r /usr/share/keyrings/debian-archive-keyring.gpg ] &&
        options='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
    mkdir -p "$directory/lists/partial" "$directory/cache/archives/partial" "$directory/debs" "$directory/none"
    : >"$directory/status"
    for suite in "$@"; do
        printf 'deb %s %s %s main\n' "$options" "$uri" "$suite"
    done >"$directory/sources.list"
    # The machine's own hooks (package kit, application catalogue) are about its own index, not this one.
    cat >"$directory/apt.conf" <<CONF
Dir::Etc::sourcelist "$directory/sources.list";
Dir::Etc::sourceparts "$directory/none";
Dir::Etc::preferencesparts "$directory/none";
Dir::State::lists "$directory/lists";
Dir::State::status "$directory/status";
Dir::Cache "$directory/cache";
APT::Architecture "$(dpkg --print-architecture)";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "5";
APT::Update::Error-Mode "any";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons-hidpi::DefaultEnabled "false";
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
    run_logged "$log_file" private_apt "$directory" apt-get update ||
        die "the Debian archive could not be reached" "check the network and proxy settings of apt"
}
