//! Results that are kept for a while instead of being put into an answer: each a resource, read by its URI.
//!
//! A URI's last part is unguessable and stands for one caller; a result is gone when nobody has read it for [`LIFE`], or when
//! newer ones need its room.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};
use rmcp::model::{Resource, ResourceContents};

use crate::contract::ErrorKind;
use crate::error::CallError;
use crate::session::{Caller, Principal, fresh_handle};

/// What the URIs begin with.
const PREFIX: &str = "bulkhead://results/";
/// How long a result is kept after it was made or read.
const LIFE: Duration = Duration::from_secs(10 * 60);
/// How often old ones are looked for.
const SWEEP: Duration = Duration::from_secs(30);
/// Of all results together. A quarter of what a small machine has.
const MAX_BYTES: usize = 256 * 1024 * 1024;
/// Of one protocol session, or of all callers without one: so that no client's results push out all others'.
const MAX_OF_ONE: usize = 32;

/// The results that are kept.
#[derive(Default)]
pub(super) struct Kept(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    next: u64,
    /// Oldest first.
    entries: BTreeMap<u64, Entry>,
}

struct Entry {
    uri: String,
    owner: Principal,
    session: Option<Arc<str>>,
    title: String,
    mime: &'static str,
    content: Content,
    used: Instant,
}

/// What is kept.
#[derive(Clone)]
pub(super) enum Content {
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
}

/// A kept result, as an answer names it.
pub(super) struct Link {
    pub(super) uri: String,
    pub(super) title: String,
    pub(super) mime: &'static str,
    pub(super) bytes: usize,
}

impl Kept {
    pub(super) fn start() -> Arc<Kept> {
        let kept = Arc::new(Kept::default());
        tokio::spawn(sweep(Arc::downgrade(&kept)));
        kept
    }

    /// Keeps a result.
    ///
    /// # Errors
    /// It is larger than all room there is; or the system gives no random bytes.
    pub(super) fn put(&self, caller: &Caller, title: String, mime: &'static str, content: Content) -> Result<Link, CallError> {
        let bytes = content.len();
        if bytes > MAX_BYTES {
            return Err(CallError::new(ErrorKind::Resources, format!("{bytes} bytes are too many to be kept"))
                .hint("narrow the statement, or lower max_rows"));
        }
        let uri = format!("{PREFIX}{}", fresh_handle("result")?);
        let link = Link { uri: uri.clone(), title: title.clone(), mime, bytes };
        let mut entries = self.lock();
        let session = caller.protocol_session.clone();
        let of_caller = |entry: &Entry| entry.owner == caller.principal && entry.session == session;
        entries.shrink_to(MAX_OF_ONE - 1, usize::MAX, of_caller);
        entries.shrink_to(usize::MAX, MAX_BYTES - bytes, |_| true);
        let entry =
            Entry { uri, owner: caller.principal.clone(), session: session.clone(), title, mime, content, used: Instant::now() };
        let number = entries.next;
        entries.next += 1;
        entries.entries.insert(number, entry);
        Ok(link)
    }

    /// The contents of a kept result. None: there is none of this URI for this caller.
    pub(super) fn read(&self, caller: &Caller, uri: &str) -> Option<ResourceContents> {
        let (content, mime) = {
            let mut entries = self.lock();
            let entry = entries.entries.values_mut().find(|entry| entry.uri == uri && entry.owner == caller.principal)?;
            if entry.used.elapsed() >= LIFE {
                return None;
            }
            entry.used = Instant::now();
            (entry.content.clone(), entry.mime)
        };
        Some(match content {
            Content::Text(text) => ResourceContents::text(&*text, uri).with_mime_type(mime),
            Content::Bytes(bytes) => ResourceContents::blob(BASE64_STANDARD.encode(&*bytes), uri).with_mime_type(mime),
        })
    }

    /// The caller's own, where it can be told from others.
    pub(super) fn list(&self, caller: &Caller) -> Vec<Resource> {
        if caller.protocol_session.is_none() {
            return Vec::new();
        }
        let entries = self.lock();
        let own = entries.entries.values().filter(|entry| {
            entry.owner == caller.principal && entry.session == caller.protocol_session && entry.used.elapsed() < LIFE
        });
        own.map(|entry| {
            let name = entry.uri.strip_prefix(PREFIX).unwrap_or_default();
            Resource::new(&entry.uri, name)
                .with_title(&entry.title)
                .with_mime_type(entry.mime)
                .with_size(entry.content.len() as u64)
        })
        .collect()
    }

    /// Whether a URI is of this kind at all.
    pub(super) fn is_one(uri: &str) -> bool {
        uri.starts_with(PREFIX)
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    /// Drops the oldest of some until they are few and small enough.
    fn shrink_to(&mut self, count: usize, bytes: usize, which: impl Fn(&Entry) -> bool) {
        let sizes: Vec<(u64, usize)> =
            self.entries.iter().filter(|(_, entry)| which(entry)).map(|(number, entry)| (*number, entry.content.len())).collect();
        let mut left = sizes.len();
        let mut total: usize = sizes.iter().map(|(_, size)| size).sum();
        for (number, size) in sizes {
            if left <= count && total <= bytes {
                return;
            }
            self.entries.remove(&number);
            left -= 1;
            total -= size;
        }
    }
}

impl Content {
    fn len(&self) -> usize {
        match self {
            Content::Text(text) => text.len(),
            Content::Bytes(bytes) => bytes.len(),
        }
    }
}

async fn sweep(kept: Weak<Kept>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let Some(kept) = kept.upgrade() else { return };
        kept.lock().entries.retain(|_, entry| entry.used.elapsed() < LIFE);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn caller(principal: Principal, session: &str) -> Caller {
        Caller { principal, protocol_session: Some(Arc::from(session)), attached: None }
    }

    fn put(kept: &Kept, caller: &Caller, bytes: usize) -> String {
        kept.put(caller, "a result".to_owned(), "text/csv", Content::Text("x".repeat(bytes).into())).unwrap().uri
    }

    #[test]
    fn a_result_is_read_by_its_own_caller() {
        let kept = Kept::default();
        let (one, other) = (caller(Principal::Stdio, "a"), caller(Principal::Anonymous, "b"));
        let uri = put(&kept, &one, 3);
        assert!(Kept::is_one(&uri) && kept.read(&one, &uri).is_some() && kept.read(&one, &uri).is_some());
        assert!(kept.read(&other, &uri).is_none() && kept.read(&one, &format!("{uri}0")).is_none());
        assert_eq!(kept.list(&one).len(), 1);
        assert!(kept.list(&other).is_empty());
        assert!(kept.list(&Caller { protocol_session: None, ..one }).is_empty(), "nobody's list without a session");
    }

    #[test]
    fn newer_results_push_out_the_same_clients_oldest() {
        let kept = Kept::default();
        let (one, other) = (caller(Principal::Anonymous, "a"), caller(Principal::Anonymous, "b"));
        let first = put(&kept, &one, 1);
        let others = put(&kept, &other, 1);
        let uris: Vec<String> = (0..MAX_OF_ONE).map(|_| put(&kept, &one, 1)).collect();
        assert!(kept.read(&one, &first).is_none() && kept.read(&other, &others).is_some());
        assert!(uris.iter().all(|uri| kept.read(&one, uri).is_some()));
    }

    #[test]
    fn room_is_bounded() {
        let kept = Kept::default();
        let one = caller(Principal::Stdio, "a");
        let half = MAX_BYTES / 2;
        let (first, second) = (put(&kept, &one, half), put(&kept, &one, half));
        assert!(kept.read(&one, &first).is_some() && kept.read(&one, &second).is_some());
        let third = put(&kept, &one, 1);
        assert!(kept.read(&one, &first).is_none() && kept.read(&one, &second).is_some() && kept.read(&one, &third).is_some());
        let huge = Content::Bytes(vec![0; MAX_BYTES + 1].into());
        assert!(kept.put(&one, String::new(), "text/csv", huge).is_err());
    }
}
