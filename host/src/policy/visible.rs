//! What of a description may be seen: where tables are limited, the others are neither described nor listed nor mentioned.

use super::{Policy, Request, Subject, decide};
use crate::contract::{Description, ForeignKey, FoundObject, ObjectKind, Privilege, Routine, TableDetail};

impl Policy {
    /// Takes out what may not be seen.
    pub(crate) fn retain(&self, description: &mut Description) {
        match description {
            Description::Schemas(schemas) => schemas.retain(|schema| self.shows_schema(&schema.name)),
            Description::Tables(tables) => tables.retain(|table| self.shows_table(table.schema.as_deref(), &table.name)),
            Description::Table(table) => self.retain_of_table(table),
            Description::Routines(routines) => routines.retain(|routine| self.shows_routine(routine)),
            Description::Search(objects) => objects.retain(|object| self.shows(object)),
            Description::Server(server) => server.search_path.retain(|schema| self.shows_schema(schema)),
            Description::User(user) => user.privileges.retain(|privilege| self.shows_privilege(privilege)),
            Description::Catalogs(_) | Description::Statistics(_) => {}
        }
    }

    fn retain_of_table(&self, table: &mut TableDetail) {
        let shown = |key: &ForeignKey| self.shows_table(key.referenced_schema.as_deref(), &key.referenced_table);
        table.foreign_keys.retain(shown);
        table.referenced_by.retain(shown);
        // A view's query, a trigger's body: what they name beside the table itself.
        table.definition = table.definition.take().filter(|text| self.shows_text(text));
        table.triggers.retain(|trigger| self.shows_text(&trigger.definition));
    }

    fn shows_text(&self, sql: &str) -> bool {
        decide(self, &Request { subject: Subject::Statement(sql), read_only: false, agreed: true }).is_ok()
    }

    fn shows_routine(&self, routine: &Routine) -> bool {
        routine.schema.as_deref().is_none_or(|schema| self.shows_schema(schema))
    }

    fn shows(&self, object: &FoundObject) -> bool {
        let schema = object.schema.as_deref();
        match object.kind {
            ObjectKind::Table => self.shows_table(schema, &object.name),
            ObjectKind::Column => object.table.as_deref().is_some_and(|table| self.shows_table(schema, table)),
            ObjectKind::Routine => schema.is_none_or(|schema| self.shows_schema(schema)),
        }
    }

    fn shows_privilege(&self, privilege: &Privilege) -> bool {
        privilege.on.strip_prefix("schema ").is_none_or(|schema| self.shows_schema(schema))
    }
}
