#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex as Lock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;

use tokio::time::Instant;

use super::shared::{LEAST_AGE, QUIET};
use super::*;
use crate::config::{Reference, Secret};
use crate::secrets::{Fetched, Good, SecretProvider, register};

/// Gives what the test has it give.
struct Scripted {
    scheme: &'static str,
    gives: Lock<Result<&'static str, &'static str>>,
    good: fn() -> Good,
    takes: Duration,
    asked: AtomicUsize,
    asked_anew: AtomicUsize,
}

impl SecretProvider for Scripted {
    fn scheme(&self) -> &'static str {
        self.scheme
    }

    fn check(&self, _: &Reference) -> Result<(), String> {
        Ok(())
    }

    fn fetch(self: Arc<Self>, _: Reference, anew: bool) -> BoxFuture<'static, Result<Fetched, String>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.asked_anew.fetch_add(usize::from(anew), Ordering::SeqCst);
            tokio::time::sleep(self.takes).await;
            let given = *self.gives.lock().unwrap();
            let fetched = |text: &str| Fetched { secret: Secret::new(text.to_owned()), user: None, good: (self.good)() };
            given.map(fetched).map_err(str::to_owned)
        })
    }
}

fn scripted(scheme: &'static str, good: fn() -> Good, takes: Duration) -> (Arc<Scripted>, KeptSecret) {
    let (asked, asked_anew) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let provider = Arc::new(Scripted { scheme, gives: Lock::new(Ok("one")), good, takes, asked, asked_anew });
    register(provider.clone()).unwrap();
    (provider, KeptSecret::new(SecretRef::of(&format!("{scheme}:x"))))
}

const MINUTE: Duration = Duration::from_secs(60);

fn minute() -> Good {
    Good::For(MINUTE)
}

fn always() -> Good {
    Good::Always
}

fn later(kept: &KeptSecret, by: Duration) {
    *kept.shared.clock.ahead.lock().unwrap() += by;
}

async fn text(kept: &KeptSecret) -> Result<String, String> {
    kept.now().await.map(|credential| credential.secret.expose().to_owned())
}

fn write(path: &std::path::Path, text: &str) {
    let new = path.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::rename(new, path).unwrap();
}

#[tokio::test]
async fn a_file_is_read_anew_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    let kept = KeptSecret::new(SecretRef::of(&format!("file:{}", path.display())));
    assert!(kept.now().await.is_err() && !kept.replaced());
    write(&path, "one\n");
    let first = kept.now().await.unwrap();
    assert_eq!(first.secret.expose(), "one");
    assert!(Arc::ptr_eq(&first, &kept.now().await.unwrap()), "what was derived is kept");
    assert!(!kept.replaced());
    write(&path, "two\n");
    assert!(kept.replaced());
    assert_eq!(text(&kept).await.unwrap(), "two");
    std::fs::remove_file(&path).unwrap();
    assert!(kept.now().await.is_err(), "what is gone isn't used");
}

#[tokio::test]
async fn it_is_fetched_once_while_it_is_good() {
    let (provider, kept) = scripted("test-good", minute, Duration::from_millis(10));
    let all = futures::future::join_all((0..50).map(|_| text(&kept))).await;
    assert!(all.iter().all(|given| given.as_deref() == Ok("one")));
    assert_eq!(provider.asked.load(Ordering::SeqCst), 1);
    *provider.gives.lock().unwrap() = Ok("two");
    assert_eq!(text(&kept).await.unwrap(), "one");
    later(&kept, MINUTE);
    assert_eq!(text(&kept).await.unwrap(), "two");
    assert_eq!(provider.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_has_run_out_is_used_on_where_there_is_no_other() {
    let (provider, kept) = scripted("test-out", minute, Duration::ZERO);
    assert_eq!(text(&kept).await.unwrap(), "one");
    *provider.gives.lock().unwrap() = Err("away");
    later(&kept, MINUTE);
    for _ in 0..5 {
        assert_eq!(text(&kept).await.unwrap(), "one");
    }
    assert_eq!(provider.asked.load(Ordering::SeqCst), 2, "not with each connection");
    later(&kept, QUIET);
    *provider.gives.lock().unwrap() = Ok("two");
    assert_eq!(text(&kept).await.unwrap(), "two");
}

#[tokio::test]
async fn one_that_was_refused_is_fetched_anew_once() {
    let (provider, kept) = scripted("test-refused", minute, Duration::ZERO);
    let first = kept.now().await.unwrap();
    assert!(kept.refused(&first).await.is_none(), "it was fetched just now");
    later(&kept, LEAST_AGE);
    assert!(kept.refused(&first).await.is_none(), "it is still the same");
    assert!(Arc::ptr_eq(&first, &kept.now().await.unwrap()));
    *provider.gives.lock().unwrap() = Ok("two");
    later(&kept, LEAST_AGE);
    let (one, other) = tokio::join!(kept.refused(&first), kept.refused(&first));
    assert_eq!((one.unwrap().secret.expose(), other.unwrap().secret.expose()), ("two", "two"));
    assert_eq!((provider.asked.load(Ordering::SeqCst), provider.asked_anew.load(Ordering::SeqCst)), (3, 2));
    // Where there is none any more, the refused one isn't used on.
    *provider.gives.lock().unwrap() = Err("away");
    later(&kept, LEAST_AGE);
    let second = kept.now().await.unwrap();
    assert!(kept.refused(&second).await.is_none());
    assert_eq!(text(&kept).await.unwrap_err(), "away");
}

#[tokio::test]
async fn one_that_never_changes_is_not_fetched_anew() {
    let (provider, kept) = scripted("test-always", always, Duration::ZERO);
    let first = kept.now().await.unwrap();
    later(&kept, MINUTE);
    assert!(kept.refused(&first).await.is_none());
    assert_eq!((text(&kept).await.as_deref(), provider.asked.load(Ordering::SeqCst)), (Ok("one"), 1));
}

#[tokio::test]
async fn a_provider_that_hangs_is_not_waited_for() {
    let (provider, kept) = scripted("test-hangs", minute, MINUTE * 60);
    let began = Instant::now();
    let all = futures::future::join_all((0..50).map(|_| text(&kept))).await;
    assert!(all.iter().all(|given| given.as_ref().is_err_and(|why| why.contains("test-hangs: no answer within 5 s"))));
    assert!(began.elapsed() < FETCH_TIMEOUT * 2, "one waits for all: {:?}", began.elapsed());
    assert_eq!(provider.asked.load(Ordering::SeqCst), 1);
}

#[test]
fn a_scheme_has_one_provider() {
    let named = |scheme| {
        let (asked, asked_anew) = (AtomicUsize::new(0), AtomicUsize::new(0));
        register(Arc::new(Scripted {
            scheme,
            gives: Lock::new(Ok("one")),
            good: always,
            takes: Duration::ZERO,
            asked,
            asked_anew,
        }))
    };
    for taken in ["env", "file", "aws-secrets", "plain", "", "A b", "x:"] {
        assert!(named(taken).is_err(), "{taken}");
    }
    assert!(named("test-new").is_ok() && named("test-new").is_err());
}

/// As many databases have it that name the same.
fn sharing(scheme: &str, how_many: usize) -> Vec<KeptSecret> {
    (0..how_many).map(|_| KeptSecret::new(SecretRef::of(&format!("{scheme}:x")))).collect()
}

#[tokio::test]
async fn databases_that_name_the_same_have_it_fetched_once() {
    let (provider, first) = scripted("test-shared", minute, Duration::from_millis(20));
    let all = sharing("test-shared", 200);
    let given = futures::future::join_all(all.iter().map(KeptSecret::now)).await;
    let given: Vec<Arc<Credential>> = given.into_iter().map(Result::unwrap).collect();
    assert_eq!(provider.asked.load(Ordering::SeqCst), 1);
    // Rotated, and refused by the servers of all of them at once.
    *provider.gives.lock().unwrap() = Ok("two");
    later(&first, LEAST_AGE);
    let anew = futures::future::join_all(all.iter().zip(&given).map(|(kept, credential)| kept.refused(credential))).await;
    assert!(anew.iter().all(|other| other.as_ref().is_some_and(|other| other.secret.expose() == "two")));
    assert_eq!((provider.asked.load(Ordering::SeqCst), provider.asked_anew.load(Ordering::SeqCst)), (2, 1));
    assert_eq!(text(&first).await.unwrap(), "two");
    // Nobody has it any more: it isn't kept for who comes later.
    drop((all, given, anew, first));
    assert_eq!(text(&sharing("test-shared", 1)[0]).await.unwrap(), "two");
    assert_eq!(provider.asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn what_one_server_refuses_the_others_use_on() {
    let (provider, kept) = scripted("test-one-refuses", minute, Duration::ZERO);
    let [refused, good] = [sharing("test-one-refuses", 1).remove(0), kept];
    let (first, _) = (refused.now().await.unwrap(), good.now().await.unwrap());
    *provider.gives.lock().unwrap() = Err("away");
    later(&good, LEAST_AGE);
    assert!(refused.refused(&first).await.is_none());
    assert_eq!(text(&refused).await.unwrap_err(), "away", "its own server doesn't take it");
    assert_eq!(text(&good).await.unwrap(), "one");
    assert!(!refused.replaced() && !good.replaced());
    later(&good, MINUTE);
    assert_eq!(text(&good).await.unwrap(), "one");
    // What another database had fetched is tried at once.
    *provider.gives.lock().unwrap() = Ok("two");
    later(&good, QUIET);
    assert_eq!(text(&good).await.unwrap(), "two");
    assert!(refused.replaced() && !good.replaced());
    assert_eq!(text(&refused).await.unwrap(), "two");
    assert!(!refused.replaced());
}

#[tokio::test]
async fn a_provider_that_hangs_for_one_keeps_no_other_waiting() {
    let (provider, kept) = scripted("test-hangs-for-one", minute, Duration::ZERO);
    let [refused, good] = [sharing("test-hangs-for-one", 1).remove(0), kept];
    let (first, _) = (refused.now().await.unwrap(), good.now().await.unwrap());
    *provider.gives.lock().unwrap() = Err("slow");
    later(&good, LEAST_AGE);
    let turn = good.shared.fetching().await;
    let mut waiting = std::pin::pin!(refused.refused(&first));
    assert!(futures::poll!(waiting.as_mut()).is_pending());
    for _ in 0..3 {
        assert_eq!(text(&good).await.unwrap(), "one");
    }
    drop(turn);
    assert!(waiting.await.is_none());
}

#[tokio::test]
async fn references_that_differ_share_nothing() {
    let in_region = |text: &str, region: Option<&str>| {
        let mut reference = SecretRef::of(text);
        assert!(region.is_none_or(|region| reference.in_region(region)));
        KeptSecret::new(reference)
    };
    let all = [
        in_region("aws-secrets:x", None),
        in_region("aws-secrets:y", None),
        in_region("aws-secrets:x#password", None),
        in_region("aws-secrets:x", Some("eu-central-1")),
        in_region("aws-secrets:x", Some("us-east-1")),
        in_region("plain:x", None),
        in_region("plain:x", None),
    ];
    for (at, one) in all.iter().enumerate() {
        assert!(all.iter().skip(at + 1).all(|other| !Arc::ptr_eq(&one.shared, &other.shared)), "{at}");
    }
    assert!(Arc::ptr_eq(&all[3].shared, &in_region("aws-secrets:x", Some("eu-central-1")).shared));
}
