//! A server that closes at a byte: at every one of PRELOGIN, TLS, login and result.

use bulkhead_tests::faulty::{LANES, LONG, Met, in_turn};
use bulkhead_tests::proxy::Fault;

use super::start;

/// More than there are bytes of TLS's handshake, the login and the result.
const MOST: usize = 1_700;

/// In the clear. One database is asked again and again, so that every fault is followed by a statement that has to work again.
#[tokio::test]
async fn in_the_clear() {
    let rig = start("none", LANES, LONG).await;
    let whole = rig.heard(0).await.len();
    assert!(whole > 400, "a login and a result: {whole}");
    let mut before = rig.holds();
    // What the first round takes is kept to be used again; what the second takes besides would be lost.
    for round in 0..2 {
        if round > 0 {
            before = rig.holds();
        }
        for Met { at, answer, .. } in rig.meet(in_turn(0..whole, |_| Fault::Close)).await {
            let error = answer.error();
            assert_eq!(error["kind"], "connection", "{at} of {whole}: {error}");
            assert!(error["message"].as_str().is_some_and(|message| message.contains("the server closed it")), "{at}: {error}");
        }
    }
    rig.has_not_grown(&before);
    for lane in 0..LANES {
        rig.works(lane).await;
    }
}

/// Under TLS each byte has a database of its own: a host that knows a server resumes its session, and neither the
/// certificate nor what comes with it is said again.
async fn under_tls(mode: &str, step: usize) {
    let rig = start(mode, MOST / step, LONG).await;
    let whole = rig.heard(0).await.len();
    assert!((1_000..MOST - LANES * step).contains(&whole), "a handshake, a login and a result: {whole}");
    let faults = (0..whole).step_by(step).enumerate().map(|(turn, at)| (LANES + turn, at, Fault::Close));
    for Met { at, answer, heard } in rig.meet(faults).await {
        // A signature may be a byte shorter than the first one was: then that was all.
        if heard.len() <= at && !answer.is_error() {
            assert!(at + 8 > whole, "{at} of {whole}: {}", answer.raw());
            continue;
        }
        let error = answer.error();
        assert_eq!(error["kind"], "connection", "{at} of {whole}: {error}");
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.contains("closed") || message.contains("reset"), "{at}: {error}");
        assert!(!message.contains("://"), "words for whoever uses it: {error}");
    }
    for lane in 0..LANES {
        rig.works(lane).await;
    }
}

#[tokio::test]
async fn under_tls_for_the_login_alone() {
    under_tls("login", 1).await;
}

/// A third of the bytes: the handshake is the same as for the login alone, and of the records after it each has its head broken.
#[tokio::test]
async fn under_tls_in_packets() {
    under_tls("on", 3).await;
}

#[tokio::test]
async fn under_tls_from_the_start() {
    under_tls("strict", 1).await;
}
