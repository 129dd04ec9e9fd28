//! A policy that knows what it has allowed: reading a statement takes longer than all else that a call of it does, and programs send the
//! same ones again and again.
//!
//! What was allowed is kept by its SHA-256, with all that the decision hung on; a refusal is worked out anew each time. A policy never
//! changes under its judge: one that is changed comes with a new one, that has allowed nothing yet.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use ring::digest::{Context, SHA256};

use super::decide::{Request, Subject, decide};
use super::{Policy, Refusal};

/// In each of two generations: programs have some dozens of statements, and what is kept takes some ten kilobytes of a database in use.
const MOST_KEPT: usize = 128;

type Digest = [u8; 32];

/// One database's policy, and what it has allowed.
#[derive(Debug)]
pub struct Judge {
    policy: Arc<Policy>,
    allowed: Mutex<Allowed>,
}

/// The older of the two generations is forgotten when the younger is full; what is asked for again goes on into the younger.
#[derive(Debug, Default)]
struct Allowed {
    young: HashSet<Digest>,
    old: HashSet<Digest>,
}

impl Judge {
    /// Has allowed nothing yet.
    #[must_use]
    pub fn new(policy: Policy) -> Judge {
        Judge { policy: Arc::new(policy), allowed: Mutex::default() }
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// As [`decide`] says.
    ///
    /// # Errors
    /// The rule that it breaks, how, and what to do instead.
    pub fn decide(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let Some(digest) = self.digest(request) else { return decide(&self.policy, request).map(drop) };
        if self.lock().has(&digest) {
            return Ok(());
        }
        decide(&self.policy, request)?;
        self.lock().keep(digest);
        Ok(())
    }

    /// Whether a statement only reads, as far as its text tells.
    #[must_use]
    pub fn reads(&self, sql: &str) -> bool {
        self.decide(&Request { subject: Subject::Statement(sql), read_only: true, agreed: false }).is_ok()
    }

    /// None: deciding costs less than this.
    fn digest(&self, request: &Request<'_>) -> Option<Digest> {
        let Subject::Statement(sql) = request.subject else { return None };
        if !self.policy.is_read_for(request) {
            return None;
        }
        let mut context = Context::new(&SHA256);
        context.update(&[u8::from(request.read_only), u8::from(request.agreed)]);
        context.update(sql.as_bytes());
        context.finish().as_ref().try_into().ok()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Allowed> {
        self.allowed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Allowed {
    fn has(&mut self, digest: &Digest) -> bool {
        if self.young.contains(digest) {
            return true;
        }
        let had = self.old.remove(digest);
        if had {
            self.keep(*digest);
        }
        had
    }

    fn keep(&mut self, digest: Digest) {
        if self.young.len() >= MOST_KEPT {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(digest);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::config::PolicyConfig;

    fn judge(config: PolicyConfig) -> Judge {
        Judge::new(Policy::new(&config, "postgresql", None))
    }

    fn asked(judge: &Judge, sql: &str, read_only: bool, agreed: bool) -> bool {
        let first = judge.decide(&Request { subject: Subject::Statement(sql), read_only, agreed }).is_ok();
        let again = judge.decide(&Request { subject: Subject::Statement(sql), read_only, agreed }).is_ok();
        assert_eq!(first, again, "{sql}");
        first
    }

    fn kept(judge: &Judge) -> usize {
        let allowed = judge.lock();
        allowed.young.len() + allowed.old.len()
    }

    #[test]
    fn what_was_allowed_for_one_request_is_not_for_another() {
        let judge =
            judge(PolicyConfig { confirm_writes: Some(true), deny_tables: vec!["salaries".to_owned()], ..Default::default() });
        let write = "DELETE FROM shop";
        assert!(asked(&judge, write, false, true));
        assert!(!asked(&judge, write, false, false), "nobody agreed");
        assert!(!asked(&judge, write, true, true), "it is to read only");
        assert!(!judge.reads(write));
        let read = "SELECT * FROM shop";
        assert!(asked(&judge, read, true, false) && judge.reads(read));
        assert!(!asked(&judge, "SELECT * FROM salaries", false, true));
        assert!(!asked(&judge, "SELECT * FROM shop ; DELETE FROM shop", true, false));
        assert_eq!(kept(&judge), 2);
    }

    #[test]
    fn it_keeps_so_many_and_those_in_use_the_longest() {
        let judge = judge(PolicyConfig { read_only: Some(true), ..Default::default() });
        for number in 0..10 * MOST_KEPT {
            assert!(asked(&judge, "SELECT 'used'", false, false));
            assert!(asked(&judge, &format!("SELECT {number}"), false, false));
            assert!(kept(&judge) <= 2 * MOST_KEPT, "{number}");
        }
        let used = judge.digest(&Request { subject: Subject::Statement("SELECT 'used'"), read_only: false, agreed: false });
        assert!(judge.lock().has(&used.unwrap()));
    }

    #[test]
    fn what_is_not_read_is_not_kept() {
        let judge = judge(PolicyConfig::default());
        assert!(asked(&judge, "DELETE FROM shop", false, false));
        assert!(
            judge
                .decide(&Request { subject: Subject::Tool { shown: "query", ours: "query" }, read_only: false, agreed: false })
                .is_ok()
        );
        assert_eq!(kept(&judge), 0);
    }
}
