//! MySQL's `information_schema`, 5.7 and later. A schema and a catalog are one there: it is shown as the schema.

use super::Queries;

/// The system's own schemas.
macro_rules! system {
    () => {
        "('information_schema', 'mysql', 'performance_schema', 'sys')"
    };
}

macro_rules! about {
    () => {
        concat!(
            "t.TABLE_SCHEMA AS table_schema, t.TABLE_NAME AS table_name, CASE WHEN t.TABLE_SCHEMA IN ",
            system!(),
            " THEN 's' WHEN t.TABLE_TYPE LIKE '%VIEW' THEN 'v' ELSE 'r' END AS kind, CASE WHEN t.TABLE_TYPE LIKE '%VIEW' THEN NULL ELSE NULLIF(t.TABLE_COMMENT, '') END AS table_comment, \
t.TABLE_ROWS AS estimate, t.DATA_LENGTH + t.INDEX_LENGTH AS size"
        )
    };
}

/// The table itself, in the schema that was found for it.
macro_rules! named {
    ($table:literal) => {
        concat!($table, ".TABLE_SCHEMA = COALESCE(:schema, DATABASE()) AND ", $table, ".TABLE_NAME = :name")
    };
}

/// The caller, as the privileges' tables write it.
macro_rules! grantee {
    () => {
        "CONCAT('''', SUBSTRING_INDEX(CURRENT_USER(), '@', 1), '''@''', SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')"
    };
}

pub(super) const QUERIES: Queries = Queries {
    server: "SELECT VERSION(), DATABASE(), CURRENT_USER(), DATABASE(), @@character_set_server, @@time_zone, @@read_only",
    catalogs: "SELECT DATABASE(), NULL, @@character_set_database, NULL, NULL, 1 FROM DUAL WHERE DATABASE() IS NOT NULL",
    schemas: concat!(
        "SELECT s.SCHEMA_NAME, NULL, NULL, s.SCHEMA_NAME IN ",
        system!(),
        " FROM information_schema.SCHEMATA s ORDER BY s.SCHEMA_NAME"
    ),
    tables: concat!(
        "SELECT * FROM (SELECT ",
        about!(),
        " FROM information_schema.TABLES t WHERE :name IS NULL OR LOWER(t.TABLE_NAME) LIKE LOWER(:name)) f \
WHERE CASE WHEN :schema IS NULL THEN f.kind <> 's' OR :kind = 's' ELSE f.table_schema = :schema END AND (:kind IS NULL OR f.kind = :kind) \
ORDER BY f.table_schema, f.table_name LIMIT :most OFFSET :skip"
    ),
    routines: concat!(
        "SELECT r.ROUTINE_SCHEMA, r.ROUTINE_NAME, LOWER(r.ROUTINE_TYPE), CONCAT('(', COALESCE((SELECT GROUP_CONCAT(CONCAT_WS(' ', \
p.PARAMETER_NAME, p.DTD_IDENTIFIER) ORDER BY p.ORDINAL_POSITION SEPARATOR ', ') FROM information_schema.PARAMETERS p \
WHERE p.SPECIFIC_SCHEMA = r.ROUTINE_SCHEMA AND p.SPECIFIC_NAME = r.SPECIFIC_NAME AND p.ORDINAL_POSITION > 0), ''), ')'), \
NULLIF(r.DTD_IDENTIFIER, ''), r.ROUTINE_BODY, NULLIF(r.ROUTINE_COMMENT, '') FROM information_schema.ROUTINES r \
WHERE CASE WHEN :schema IS NULL THEN r.ROUTINE_SCHEMA NOT IN ",
        system!(),
        " ELSE r.ROUTINE_SCHEMA = :schema END AND (:name IS NULL OR LOWER(r.ROUTINE_NAME) LIKE LOWER(:name)) \
ORDER BY r.ROUTINE_SCHEMA, r.ROUTINE_NAME LIMIT :most OFFSET :skip"
    ),
    table: concat!(
        "SELECT ",
        about!(),
        ", v.VIEW_DEFINITION FROM information_schema.TABLES t LEFT JOIN information_schema.VIEWS v \
ON v.TABLE_SCHEMA = t.TABLE_SCHEMA AND v.TABLE_NAME = t.TABLE_NAME WHERE ",
        named!("t")
    ),
    columns: concat!(
        "SELECT c.COLUMN_NAME, c.COLUMN_TYPE, c.IS_NULLABLE, c.COLUMN_DEFAULT, NULLIF(c.GENERATION_EXPRESSION, ''), \
c.EXTRA LIKE '%auto_increment%', c.COLLATION_NAME, NULLIF(c.COLUMN_COMMENT, '') FROM information_schema.COLUMNS c WHERE ",
        named!("c"),
        " ORDER BY c.ORDINAL_POSITION"
    ),
    keys: concat!(
        "SELECT k.CONSTRAINT_NAME, k.CONSTRAINT_TYPE = 'PRIMARY KEY', u.COLUMN_NAME FROM information_schema.TABLE_CONSTRAINTS k \
JOIN information_schema.KEY_COLUMN_USAGE u ON u.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND u.CONSTRAINT_NAME = k.CONSTRAINT_NAME \
AND u.TABLE_SCHEMA = k.TABLE_SCHEMA AND u.TABLE_NAME = k.TABLE_NAME WHERE k.CONSTRAINT_TYPE IN ('PRIMARY KEY', 'UNIQUE') AND ",
        named!("k"),
        " ORDER BY k.CONSTRAINT_TYPE = 'UNIQUE', k.CONSTRAINT_NAME, u.ORDINAL_POSITION"
    ),
    foreign: concat!(
        "SELECT f.* FROM (SELECT 1 AS outward, u.CONSTRAINT_NAME AS name, u.REFERENCED_TABLE_SCHEMA AS other_schema, \
u.REFERENCED_TABLE_NAME AS other_table, r.UPDATE_RULE, r.DELETE_RULE, u.COLUMN_NAME AS here, u.REFERENCED_COLUMN_NAME AS there \
FROM information_schema.KEY_COLUMN_USAGE u JOIN information_schema.REFERENTIAL_CONSTRAINTS r ON r.CONSTRAINT_SCHEMA = u.CONSTRAINT_SCHEMA \
AND r.CONSTRAINT_NAME = u.CONSTRAINT_NAME AND r.TABLE_NAME = u.TABLE_NAME WHERE u.REFERENCED_TABLE_NAME IS NOT NULL AND ",
        named!("u"),
        " UNION ALL SELECT 0, u.CONSTRAINT_NAME, u.TABLE_SCHEMA, u.TABLE_NAME, r.UPDATE_RULE, r.DELETE_RULE, u.REFERENCED_COLUMN_NAME, \
u.COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE u JOIN information_schema.REFERENTIAL_CONSTRAINTS r \
ON r.CONSTRAINT_SCHEMA = u.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = u.CONSTRAINT_NAME AND r.TABLE_NAME = u.TABLE_NAME \
WHERE u.REFERENCED_TABLE_SCHEMA = COALESCE(:schema, DATABASE()) AND u.REFERENCED_TABLE_NAME = :name) f \
ORDER BY f.outward DESC, f.name, f.other_schema, f.other_table"
    ),
    indexes: concat!(
        "SELECT s.INDEX_NAME, s.NON_UNIQUE = 0, s.INDEX_NAME = 'PRIMARY', LOWER(s.INDEX_TYPE), s.COLUMN_NAME, 0, NULL, NULL \
FROM information_schema.STATISTICS s WHERE ",
        named!("s"),
        " ORDER BY s.INDEX_NAME <> 'PRIMARY', s.INDEX_NAME, s.SEQ_IN_INDEX"
    ),
    rules: "SELECT 't', g.TRIGGER_NAME, CONCAT(g.ACTION_TIMING, ' ', g.EVENT_MANIPULATION, ' ', g.ACTION_STATEMENT) \
FROM information_schema.TRIGGERS g WHERE g.EVENT_OBJECT_SCHEMA = COALESCE(:schema, DATABASE()) AND g.EVENT_OBJECT_TABLE = :name ORDER BY g.TRIGGER_NAME",
    search: concat!(
        "SELECT f.kind, f.object_schema, f.object_table, f.object_name, f.detail, f.object_comment FROM ( \
SELECT 't' AS kind, 1 AS place, t.TABLE_SCHEMA AS object_schema, NULL AS object_table, t.TABLE_NAME AS object_name, \
  CASE WHEN t.TABLE_TYPE LIKE '%VIEW' THEN 'view' ELSE 'table' END AS detail, CASE WHEN t.TABLE_TYPE LIKE '%VIEW' THEN NULL ELSE NULLIF(t.TABLE_COMMENT, '') END AS object_comment \
FROM information_schema.TABLES t WHERE LOCATE('t', :kinds) > 0 \
UNION ALL SELECT 'c', 2, c.TABLE_SCHEMA, c.TABLE_NAME, c.COLUMN_NAME, c.COLUMN_TYPE, NULLIF(c.COLUMN_COMMENT, '') \
FROM information_schema.COLUMNS c WHERE LOCATE('c', :kinds) > 0 \
UNION ALL SELECT 'r', 3, r.ROUTINE_SCHEMA, NULL, r.ROUTINE_NAME, LOWER(r.ROUTINE_TYPE), NULLIF(r.ROUTINE_COMMENT, '') \
FROM information_schema.ROUTINES r WHERE LOCATE('r', :kinds) > 0) f \
WHERE CASE WHEN :schema IS NULL THEN f.object_schema NOT IN ",
        system!(),
        " ELSE f.object_schema = :schema END \
AND (LOCATE(LOWER(:text), LOWER(f.object_name)) > 0 OR LOCATE(LOWER(:text), LOWER(f.object_comment)) > 0) \
ORDER BY LOCATE(LOWER(:text), LOWER(f.object_name)) = 0, LOWER(f.object_name) <> LOWER(:text), f.place, f.object_schema, f.object_table, \
f.object_name LIMIT :most OFFSET :skip"
    ),
    statistics: concat!(
        "SELECT ",
        about!(),
        ", NULL, t.ENGINE, t.DATA_LENGTH, t.INDEX_LENGTH, t.DATA_FREE, t.AVG_ROW_LENGTH, t.AUTO_INCREMENT, t.CREATE_TIME, t.UPDATE_TIME \
FROM information_schema.TABLES t WHERE ",
        named!("t")
    ),
    counted: &["engine", "data_bytes", "index_bytes", "free_bytes", "average_row_bytes", "auto_increment", "created", "updated"],
    user: "SELECT CURRENT_USER(), NULLIF(SUBSTRING_INDEX(USER(), '@', 1), SUBSTRING_INDEX(CURRENT_USER(), '@', 1))",
    roles: "SELECT DISTINCT r.ROLE_NAME FROM information_schema.APPLICABLE_ROLES r ORDER BY r.ROLE_NAME",
    rights: concat!(
        "SELECT p.kind, p.what FROM (SELECT 1 AS place, 'server' AS kind, u.PRIVILEGE_TYPE AS what FROM information_schema.USER_PRIVILEGES u \
WHERE u.GRANTEE = ",
        grantee!(),
        " UNION ALL SELECT 2, CONCAT('schema ', s.TABLE_SCHEMA), s.PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES s WHERE s.GRANTEE = ",
        grantee!(),
        ") p WHERE p.what <> 'USAGE' ORDER BY p.place, p.kind, p.what"
    ),
};
