#!/usr/bin/env bash
# Make sure that PostgreSQL >= 15 with PostGIS is installed, unless GEOPORTAL_DATABASE_URL names a database.
set -euo pipefail
. "$(dirname "$0")/apt.sh"

# has_postgis VERSION: the server programs and the extension are here.
has_postgis() {
    [ -x "/usr/lib/postgresql/$1/bin/postgres" ] && [ -e "/usr/share/postgresql/$1/extension/postgis.control" ]
}

servers="$(ls /usr/lib/postgresql 2> /dev/null | grep -E '^[1-9][0-9]$' | sort -rn || true)"
package=postgresql-postgis # Debian's default version
for version in $servers; do
    [ "$version" -ge 15 ] && [ -x "/usr/lib/postgresql/$version/bin/postgres" ] || continue
    has_postgis "$version" && exit 0
    package="postgresql-$version-postgis-3"
done
[ -n "${GEOPORTAL_DATABASE_URL:-}" ] && exit 0

if ! can_install; then
    echo "PostgreSQL >= 15 with PostGIS is missing, and only root may install it:" \
        "run 'sudo apt install $package', or name a database in GEOPORTAL_DATABASE_URL." >&2
    exit 1
fi

# Debian would make and start a cluster of its own for a newly installed server.
settings=/etc/postgresql-common/createcluster.conf
as_root mkdir -p "$(dirname "$settings")"
{
    grep -v '^[[:space:]]*create_main_cluster' "$settings" 2> /dev/null || true
    echo "create_main_cluster = false"
} | as_root tee "$settings.geoportal" > /dev/null
as_root chmod 644 "$settings.geoportal"
as_root mv "$settings.geoportal" "$settings"

echo "Installing Debian's $package; this happens once ..."
if ! apt_install "$package"; then
    echo "Debian's $package could not be installed: see above, or name a database in GEOPORTAL_DATABASE_URL." >&2
    exit 1
fi
