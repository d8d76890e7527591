# shellcheck shell=bash
# The Rust toolchain. Needs log.sh.

# need_rust: says what is missing before a long build finds out.
need_rust() {
    command -v cargo >/dev/null || die "there is no Rust toolchain (cargo)" "install Rust 1.95 or newer"
    command -v cc >/dev/null || die "there is no C compiler (cc), which SQLite and the TLS library are built with" \
        "apt-get install build-essential cmake"
}
