//! Who the server takes this connection for, and what it may do.

use super::row::{Row, all};
use crate::session::Session;
use crate::wire::Wire;
use bulkhead_driver::{Error, ErrorKind, Privilege, UserInfo};

const USER: &str = "\
SELECT current_user::text, CASE WHEN session_user <> current_user THEN session_user::text END, \
       (SELECT pg_catalog.json_agg(r.rolname ORDER BY r.rolname)::text FROM pg_catalog.pg_roles r \
        WHERE r.rolname <> current_user AND pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER') \
          AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user))";

/// The server's attributes, the catalog's rights, and those on each schema that isn't the system's own.
const RIGHTS: &str = "\
SELECT 'server', pg_catalog.array_to_json(pg_catalog.array_remove(ARRAY[CASE WHEN rolsuper THEN 'superuser' END, \
         CASE WHEN rolcreatedb THEN 'create databases' END, CASE WHEN rolcreaterole THEN 'create roles' END, \
         CASE WHEN rolreplication THEN 'replication' END, CASE WHEN rolbypassrls THEN 'bypass row security' END], NULL))::text, 1 \
FROM pg_catalog.pg_roles WHERE rolname = current_user \
UNION ALL \
SELECT 'catalog ' || pg_catalog.current_database(), pg_catalog.array_to_json(pg_catalog.array_remove(ARRAY[ \
         CASE WHEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') THEN 'CREATE' END, \
         CASE WHEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CONNECT') THEN 'CONNECT' END, \
         CASE WHEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMP') THEN 'TEMPORARY' END], NULL))::text, 2 \
UNION ALL \
(SELECT 'schema ' || n.nspname, pg_catalog.array_to_json(pg_catalog.array_remove(ARRAY[ \
          CASE WHEN pg_catalog.has_schema_privilege(n.oid, 'CREATE') THEN 'CREATE' END, \
          CASE WHEN pg_catalog.has_schema_privilege(n.oid, 'USAGE') THEN 'USAGE' END], NULL))::text, 3 \
 FROM pg_catalog.pg_namespace n WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' \
   AND (pg_catalog.has_schema_privilege(n.oid, 'CREATE') OR pg_catalog.has_schema_privilege(n.oid, 'USAGE')) LIMIT 200) \
ORDER BY 3, 1";

impl<W: Wire> Session<W> {
    pub(super) fn describe_user(&mut self) -> Result<UserInfo, Error> {
        let [user, rights] = self.lookup([USER, RIGHTS], &[])?;
        let user = user.into_iter().next().ok_or_else(|| Error::new(ErrorKind::Protocol, "the server names no user"))?;
        let mut user = Row::new(user);
        let privileges = all(rights, |row| Ok(Privilege { on: row.need()?, rights: row.names()? }))?;
        Ok(UserInfo {
            name: user.need()?,
            login: user.text(),
            roles: user.names()?,
            privileges: privileges.into_iter().filter(|privilege| !privilege.rights.is_empty()).collect(),
        })
    }
}
