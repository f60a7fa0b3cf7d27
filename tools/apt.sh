# Sourced by the other scripts: install Debian packages as root or with a sudo that asks nothing.

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# can_install: apt is here, and we are root or may become it without a password.
can_install() {
    command -v apt-get > /dev/null && as_root true 2> /dev/null
}

# apt_install PACKAGE...: with the lists at hand first, then with fresh ones.
apt_install() {
    local command=(env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1
        apt-get -q -y --no-install-recommends
        -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold)
    as_root "${command[@]}" install "$@" \
        || { as_root "${command[@]}" update && as_root "${command[@]}" install "$@"; }
}
