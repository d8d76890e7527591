# shellcheck shell=bash
# OpenSSH's server, which plays partners that take and leave files over SFTP in tests of single crates.
# Needs log.sh, machine.sh, debian.sh.
#
#   runtime/openssh/sshd, ssh-keygen    unpacked from Debian's packages: nothing is installed, and no daemon is started

# Whether there is one already, of the machine or of ours.
have_openssh() {
    local target=$1 program
    for program in sshd ssh-keygen; do
        [ -x "$target/$program" ] || [ -x "/usr/sbin/$program" ] || command -v "$program" >/dev/null || return 1
    done
}

# ensure_openssh TARGET LOG: nothing that runs needs it, so a machine that cannot have it is told, and goes on.
ensure_openssh() {
    local target=$1 log_file=$2 work=$1/download codename
    have_openssh "$target" && return 0
    step "OpenSSH, for tests"
    if unpack_openssh "$target" "$log_file" "$work"; then
        rm -rf "$work"
    else
        warn "OpenSSH's server could not be had: tests of SFTP will fail; put sshd into $target, or install openssh-server; see $log_file"
    fi
}

unpack_openssh() {
    local target=$1 log_file=$2 work=$3 codename package
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
    codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
    rm -rf "$work"
    mkdir -p "$work/root"
    (prepare_private_apt "$work" "$log_file" "$codename") || return 1
    (
        cd "$work/debs" || exit 1
        run_logged "$log_file" private_apt "$work" apt-get download openssh-server openssh-client || exit 1
        for package in ./*.deb; do dpkg-deb -x "$package" "$work/root" || exit 1; done
    ) || return 1
    mv "$work/root/usr/sbin/sshd" "$work/root/usr/bin/ssh-keygen" "$target/" || return 1
    # It says its version, and that it does not know the option: what counts is that its libraries are here.
    { "$target/sshd" -V 2>&1 || true; } | tee -a "$log_file" | grep '^OpenSSH' >/dev/null
}
