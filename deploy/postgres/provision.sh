#!/bin/sh
# Creates or completes roles and databases in the compose stack's PostgreSQL; may be run again at any time.
# PGHOST, PGUSER and PGPASSWORD say where; KEQIAO_DATABASE_* hold the roles' passwords.
set -eu
here=/keqiao/postgres

value() { eval "printf '%s' \"\${KEQIAO_DATABASE_$1}\""; }

{
    printf '\\set relay_secret %s\n\\set checker_secret %s\n' "$(value RELAY)" "$(value CHECKER)"
    cat "$here/cluster.sql"
} | psql -X -q -d postgres -f -

for service in accounts catalog demand experts matcher search ledger notices; do
    name=$(printf '%s' "$service" | tr '[:lower:]' '[:upper:]')
    {
        printf '\\set service %s\n\\set owner %s_owner\n' "$service" "$service"
        printf '\\set service_secret %s\n\\set owner_secret %s\n' "$(value "$name")" "$(value "${name}_OWNER")"
        cat "$here/database.sql"
    } | psql -X -q -d postgres -f -
done
