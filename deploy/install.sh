# Sourced by deploy/demo and tests/run: sees to the programs that are needed and that Rust does not bring.

# need PROGRAM PACKAGE [PATH…]: when PROGRAM is neither on PATH nor one of PATH…, its Debian package is installed
# if that may be done, else the command to do so is printed and the script ends.
need() {
    local program=$1 package=$2 place
    shift 2
    command -v "$program" >/dev/null 2>&1 && return
    for place in "$@"; do
        [ -x "$place" ] && return
    done
    install_package "$program" "$package"
}

install_package() {
    local program=$1 package=$2 as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        as_root=(sudo)
        if ! sudo -n true 2>/dev/null; then
            echo "$program is missing. Install it and try again:  sudo apt-get install -y $package" >&2
            exit 1
        fi
    fi
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "$program is missing, and this is not a Debian: install it your way and try again" >&2
        exit 1
    fi
    echo "installing $package (for $program) …" >&2
    if [ -z "${apt_lists_fresh:-}" ]; then
        "${as_root[@]}" apt-get update -qq >&2 || true
        apt_lists_fresh=yes
    fi
    if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >&2; then
        echo "$program is missing and could not be installed. Try:  sudo apt-get update && sudo apt-get install -y $package" >&2
        exit 1
    fi
}

need_rust() {
    [ -x "$HOME/.cargo/bin/cargo" ] && PATH=$PATH:$HOME/.cargo/bin
    if ! command -v cargo >/dev/null 2>&1; then
        echo "Rust is missing: install rustup (https://rustup.rs), then try again" >&2
        exit 1
    fi
    need cc build-essential
}
