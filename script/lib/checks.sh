# shellcheck shell=bash
# The programs that check rendered trees, and those that play partners. Needs log.sh, machine.sh.
#
#   runtime/checks/venv/        Python packages of tests/rendered/checks/requirements.txt; shellcheck and hadolint with them
#   runtime/checks/bin/         promtool and amtool, unpacked from Debian's packages: nothing is installed or started
#   runtime/partners/venv/      Python packages of tests/e2e/requirements.txt
#
# terraform and kubectl are the machine's own: neither comes from an archive we could name here.

# Debian 12's own are too old: its amtool refuses what Alertmanager has taken since 0.26.
readonly PROMETHEUS_SUITE=trixie
readonly PROMETHEUS_PACKAGES=(promtool prometheus-alertmanager)

ensure_check_tools() {
    local target=$1 log_file=$2 work=$1/download package
    if [ "$(cat "$target/bin/.suite" 2>/dev/null)" = "$PROMETHEUS_SUITE" ]; then
        return 0
    fi
    command -v apt-get >/dev/null || die "this machine has no apt-get to fetch promtool and amtool with" \
        "put them into $target/bin (Prometheus 2.53, Alertmanager 0.28 or newer), and $PROMETHEUS_SUITE into $target/bin/.suite"
    need_disk "$target" 512
    step "promtool and amtool"
    rm -rf "$work"
    mkdir -p "$work/root" "$target/bin"
    prepare_private_apt "$work" "$log_file" "$PROMETHEUS_SUITE"
    (
        cd "$work/debs" || exit 1
        for package in "${PROMETHEUS_PACKAGES[@]}"; do
            run_logged "$log_file" private_apt "$work" apt-get download "$package" || exit 1
        done
        for package in ./*.deb; do dpkg-deb -x "$package" "$work/root" || exit 1; done
    ) || die "promtool and amtool could not be had from the Debian archive" "check the network; see $log_file"
    mv "$work/root/usr/bin/promtool" "$work/root/usr/bin/amtool" "$target/bin/"
    "$target/bin/promtool" --version >>"$log_file" 2>&1 && "$target/bin/amtool" --version >>"$log_file" 2>&1 ||
        die "promtool or amtool does not run on this machine" "see $log_file"
    rm -rf "$work"
    printf '%s\n' "$PROMETHEUS_SUITE" >"$target/bin/.suite"
}

ensure_check_packages() {
    local target=$1 requirements=$2 log_file=$3 python recipe
    recipe=$(grep -v '^#' "$requirements" | sha256sum | cut -c1-16)
    if [ "$(cat "$target/venv/.requirements" 2>/dev/null)" = "$recipe" ]; then
        return 0
    fi
    python=$(usable_python) || die "no Python 3.10 or newer with venv was found" "apt-get install python3-venv"
    need_disk "$target" 1024
    step "Python packages of the checks"
    rm -rf "$target/venv"
    "$python" -m venv "$target/venv" || die "$python cannot make a virtual environment" "apt-get install python3-venv"
    run_logged "$log_file" "$target/venv/bin/python" -m pip install --no-input --disable-pip-version-check --quiet \
        --only-binary :all: --requirement "$requirements" ||
        die "the Python packages of $requirements could not be installed" "check the network; see $log_file"
    # Last, because its presence says that all the rest is there.
    printf '%s\n' "$recipe" >"$target/venv/.requirements"
}

# ensure_checks HOME REQUIREMENTS: prints nothing and does nothing when all is there.
ensure_checks() {
    local target=$1/runtime/checks requirements=$2
    mkdir -p "$target" 2>/dev/null ||
        die "$target cannot be made by user $(id -un)" "set PLIMSOLL_HOME to a directory you may write, or run as root"
    (
        exec 8>"$target/.lock"
        flock 8
        ensure_check_tools "$target" "$target/setup.log"
        ensure_check_packages "$target" "$requirements" "$target/setup.log"
    ) || exit $?
}

# ensure_partners TARGET REQUIREMENTS: the programs that play partners in tests; nothing when they are there.
ensure_partners() {
    local target=$1 requirements=$2
    mkdir -p "$target" 2>/dev/null ||
        die "$target cannot be made by user $(id -un)" "set PLIMSOLL_HOME to a directory you may write, or run as root"
    (
        exec 8>"$target/.lock"
        flock 8
        ensure_check_packages "$target" "$requirements" "$target/setup.log"
    ) || exit $?
}
