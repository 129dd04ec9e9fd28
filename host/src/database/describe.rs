//! Describing a database: the one way to what it is made of, and so the one place where what may not be seen is taken out.

use super::{Consent, Database};
use crate::connection::Connection;
use crate::contract::{Description, ErrorKind, Target};
use crate::error::CallError;
use crate::policy::{Policy, Subject};

/// Objects asked for at once where some of them may not be seen: they are counted here, not by the driver.
const PAGE: u32 = 1_000;
/// The most of such questions: beyond 100,000 objects a listing ends.
const MAX_PAGES: u32 = 100;

impl Database {
    /// Describes the server or something on it, as far as the policy shows it.
    ///
    /// # Errors
    /// What the database, the driver, the policy or a limit said.
    pub async fn describe(&self, target: Target) -> Result<Description, CallError> {
        if let Target::Table(name) | Target::Statistics(name) = &target {
            self.decide(Subject::Table { schema: name.schema.as_deref(), name: &name.name }, false, Consent::NONE)?;
        }
        if !self.policy().limits_tables() {
            return self.run(None, move |connection| Box::pin(async move { connection.describe(&target).await })).await;
        }
        let policy = self.policy().clone();
        let described =
            self.run(None, move |connection| Box::pin(async move { visible(connection, target, &policy).await })).await?;
        // A name without a schema may have been found elsewhere than it was judged.
        let found = match &described {
            Description::Table(table) => Some(&table.info),
            Description::Statistics(statistics) => Some(&statistics.info),
            _ => None,
        };
        if let Some(info) = found {
            self.decide(Subject::Table { schema: info.schema.as_deref(), name: &info.name }, false, Consent::NONE)?;
        }
        Ok(described)
    }
}

async fn visible(connection: &mut Connection, mut target: Target, policy: &Policy) -> Result<Description, CallError> {
    let Some((offset, limit)) = window(&mut target).map(|(offset, limit)| (*offset, *limit)) else {
        let mut described = connection.describe(&target).await?;
        policy.retain(&mut described);
        return Ok(described);
    };
    let wanted = offset.saturating_add(limit) as usize;
    let mut all: Option<Description> = None;
    for page in 0..MAX_PAGES {
        if let Some((offset, limit)) = window(&mut target) {
            (*offset, *limit) = (page * PAGE, PAGE);
        }
        let mut described = connection.describe(&target).await?;
        let is_last = size(&described) < PAGE as usize;
        policy.retain(&mut described);
        let all = match &mut all {
            None => all.insert(described),
            Some(all) => {
                append(all, described)?;
                all
            }
        };
        if is_last || size(all) >= wanted {
            break;
        }
    }
    let mut all = all.ok_or_else(other)?;
    cut(&mut all, offset as usize, limit as usize);
    Ok(all)
}

/// Which part of a long answer is asked for.
fn window(target: &mut Target) -> Option<(&mut u32, &mut u32)> {
    match target {
        Target::Tables(filter) => Some((&mut filter.offset, &mut filter.limit)),
        Target::Routines(filter) => Some((&mut filter.offset, &mut filter.limit)),
        Target::Search(filter) => Some((&mut filter.offset, &mut filter.limit)),
        Target::Server | Target::Catalogs | Target::Schemas | Target::Table(_) | Target::Statistics(_) | Target::User => None,
    }
}

fn size(description: &Description) -> usize {
    match description {
        Description::Tables(tables) => tables.len(),
        Description::Routines(routines) => routines.len(),
        Description::Search(objects) => objects.len(),
        _ => 0,
    }
}

fn append(all: &mut Description, more: Description) -> Result<(), CallError> {
    match (all, more) {
        (Description::Tables(all), Description::Tables(more)) => all.extend(more),
        (Description::Routines(all), Description::Routines(more)) => all.extend(more),
        (Description::Search(all), Description::Search(more)) => all.extend(more),
        _ => return Err(other()),
    }
    Ok(())
}

fn cut(all: &mut Description, offset: usize, limit: usize) {
    fn window<T>(all: &mut Vec<T>, offset: usize, limit: usize) {
        all.drain(..offset.min(all.len()));
        all.truncate(limit);
    }
    match all {
        Description::Tables(all) => window(all, offset, limit),
        Description::Routines(all) => window(all, offset, limit),
        Description::Search(all) => window(all, offset, limit),
        _ => {}
    }
}

fn other() -> CallError {
    CallError::new(ErrorKind::Protocol, "the driver described something else than was asked for")
}
