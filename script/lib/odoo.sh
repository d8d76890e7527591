# shellcheck shell=bash
# Odoo 19 as an unpacked directory with its own Python. Needs log.sh, machine.sh, debian.sh.
#
#   runtime/odoo/dist/          the directory that holds the Python package `odoo`
#   runtime/odoo/venv/          its dependencies, from addons/requirements.txt
#   runtime/odoo/VERSION        one line
#   runtime/addons/             our addons and the launcher, as they were when script/setup last ran
#
# Debian builds Odoo 19 for its development suite only. The package is architecture-independent, so it
# is unpacked rather than installed, and its suite never enters the system's own apt configuration.

# Debian replaces Odoo's copies of these by links into other packages. Without them every HTML page is
# a 500 while the health check stays green.
readonly ODOO_ASSET_PACKAGES=(
    libjs-jquery libjs-jquery-form libjs-underscore
    fonts-font-awesome fonts-inconsolata fonts-montserrat fonts-ocr-b fonts-roboto-unhinted
)
# Newer releases carry a Font Awesome whose files have other names than Odoo's style sheet asks for,
# so an asset comes from this suite where it exists there.
readonly ODOO_ASSET_SUITE=bookworm
readonly ODOO_SUITE=sid

odoo_layout_ok() {
    [ -x "$1/venv/bin/python" ] && [ -f "$1/dist/odoo/release.py" ] && [ -s "$1/VERSION" ]
}

download_odoo_packages() {
    local directory=$1 log_file=$2 package
    (
        cd "$directory/debs" || exit 1
        run_logged "$log_file" private_apt "$directory" apt-get download "odoo-19/$ODOO_SUITE" || exit 1
        for package in "${ODOO_ASSET_PACKAGES[@]}"; do
            private_apt "$directory" apt-get download "$package/$ODOO_ASSET_SUITE" >>"$log_file" 2>&1 ||
                run_logged "$log_file" private_apt "$directory" apt-get download "$package/$ODOO_SUITE" || exit 1
        done
    ) || die "downloading Odoo 19 from the Debian archive failed" "run script/setup again; see $log_file"
}

# Unpacks everything, then turns the links into files, so that dist/ can be copied or mounted anywhere.
unpack_odoo() {
    local directory=$1 target=$2 package link file
    rm -rf "$directory/root" "$target/dist"
    mkdir -p "$directory/root" "$target"
    for package in "$directory"/debs/*.deb; do
        dpkg-deb -x "$package" "$directory/root" ||
            die "$(basename "$package") could not be unpacked" "is the disk full? run script/setup again"
    done
    while IFS= read -r link; do
        file=$(readlink -f "$link")
        [ -f "$file" ] || die "Odoo's $(basename "$link") points to a file no package brought" \
            "the archive's packages have changed: see ODOO_ASSET_PACKAGES in script/lib/odoo.sh"
        cp --remove-destination "$file" "$link"
    done < <(find "$directory/root/usr/lib/python3/dist-packages" -type l)
    mv "$directory/root/usr/lib/python3/dist-packages" "$target/dist"
}

install_odoo_dist() {
    local home=$1 target=$2 log_file=$3
    local work=$home/cache/odoo-download
    need_disk "$home" 3072
    step "Odoo 19: reading the Debian archive's index"
    rm -rf "$work"
    prepare_private_apt "$work" "$log_file" "$ODOO_SUITE" "$ODOO_ASSET_SUITE"
    private_apt "$work" apt-cache show odoo-19 >/dev/null 2>&1 ||
        die "the Debian archive this machine uses does not carry suite $ODOO_SUITE with package odoo-19" \
            "point apt at a full mirror, or set PLIMSOLL_ODOO to an Odoo 19 directory"
    step "Odoo 19: downloading (about 125 MB)"
    download_odoo_packages "$work" "$log_file"
    step "Odoo 19: unpacking (about 1.2 GB)"
    rm -f "$target/VERSION"
    unpack_odoo "$work" "$target"
    dpkg-deb -f "$work"/debs/odoo-19_*.deb Version >"$work/VERSION"
    # The download is not kept: it would only be read again after dist/ was lost.
    mv "$work/VERSION" "$target/VERSION.new"
    rm -rf "$work"
}

install_odoo_venv() {
    local target=$1 requirements=$2 python=$3 log_file=$4
    step "Odoo 19: Python environment"
    rm -rf "$target/venv"
    "$python" -m venv "$target/venv" || die "$python cannot make a virtual environment" "apt-get install python3-venv"
    # wheel first: it lets pip build the two pure-Python source packages the modern way.
    { run_logged "$log_file" "$target/venv/bin/python" -m pip install --no-input --disable-pip-version-check --quiet wheel==0.45.1 &&
        run_logged "$log_file" "$target/venv/bin/python" -m pip install --no-input --disable-pip-version-check --quiet \
            --no-deps --no-build-isolation --requirement "$requirements"; } ||
        die "the Python packages of $requirements could not be installed" "check the network; see $log_file"
}

# Without .pyc every start of Odoo compiles some 900 files: 3.6 s instead of 1.2 s. The service user
# may not write here, so it is done now, on all processors.
compile_odoo() {
    local target=$1
    step "Odoo 19: compiling"
    "$target/venv/bin/python" -m compileall -q -j 0 -x '/(upgrade_code|static)/' "$target/dist/odoo" >/dev/null ||
        warn "some of Odoo's files did not compile: they are compiled at each start instead"
}

# ensure_odoo HOME REQUIREMENTS LOG: does nothing when what is there was made from the same recipe.
ensure_odoo() {
    local home=$1 requirements=$2 log_file=$3 target=$1/runtime/odoo python recipe
    recipe=$(grep -v "^#" "$requirements" | sha256sum | cut -c1-16)
    if odoo_layout_ok "$target" && [ "$(cat "$target/.requirements" 2>/dev/null)" = "$recipe" ]; then
        return 0
    fi
    python=$(usable_python) || die "no Python 3.10 or newer with venv was found" "apt-get install python3-venv"
    mkdir -p "$target"
    if [ ! -s "$target/VERSION" ] || [ ! -f "$target/dist/odoo/release.py" ]; then
        install_odoo_dist "$home" "$target" "$log_file"
    else
        cp "$target/VERSION" "$target/VERSION.new"
    fi
    install_odoo_venv "$target" "$requirements" "$python" "$log_file"
    compile_odoo "$target"
    PYTHONPATH="$target/dist" "$target/venv/bin/python" -c 'import odoo.http, odoo.service.server, redis' ||
        die "Odoo does not start from $target" "remove $target and run script/setup again"
    printf '%s\n' "$recipe" >"$target/.requirements"
    # Last, because its presence says that all the rest is there.
    mv "$target/VERSION.new" "$target/VERSION"
}

# ensure_addons HOME SOURCE: a copy, because the service user may not be able to read a checkout in
# somebody's home, and because a checkout changes under the processes that run from it.
ensure_addons() {
    local target=$1/runtime/addons source=$2 recipe
    recipe=$(cd "$source" && find . -type f ! -path '*/__pycache__/*' ! -path './tests/*' -print0 |
        sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16)
    if [ "$(cat "$target/.content" 2>/dev/null)" = "$recipe" ]; then
        return 0
    fi
    step "addons"
    rm -rf "$target.new"
    mkdir -p "$target.new"
    (cd "$source" && find . -type f ! -path '*/__pycache__/*' ! -path './tests/*' -print0 |
        tar --null --no-recursion --files-from=- --create --file=-) |
        tar --extract --file=- --directory="$target.new" --no-same-owner --no-same-permissions
    "$(odoo_python "$1")" -m compileall -q "$target.new" >/dev/null || die "an addon does not compile"
    printf '%s\n' "$recipe" >"$target.new/.content"
    rm -rf "$target"
    mv "$target.new" "$target"
}

# odoo_python HOME: the interpreter that runs Odoo, ours or that of PLIMSOLL_ODOO.
odoo_python() {
    printf '%s\n' "${PLIMSOLL_ODOO:-$1/runtime/odoo}/venv/bin/python"
}
