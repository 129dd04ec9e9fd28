//! A service that is broken below HTTP: at every byte of TLS's handshake and of the records after it.
//!
//! Nothing is asked again here (`max_retries`), so that the caller sees each fault.

use std::sync::Arc;
use std::time::Duration;

use bulkhead_tests::faulty::{Faulty, LANES, LONG, Met, SHORT, in_turn, records};
use bulkhead_tests::postgres::Server;
use bulkhead_tests::proxy::Fault;
use bulkhead_tests::rds::Fixture;
use serde_json::json;

/// More than there are bytes of a handshake and an answer.
const MOST: usize = 3_000;
/// Every third byte: of a record, whose head is five bytes and which is checked as a whole, each part is met.
const STEP: usize = 3;

async fn start(databases: usize, allowed: Duration) -> (Fixture, Arc<Faulty>) {
    let server = Server::from_environment();
    let fixture = Fixture::start(&server, &server.role("handshake"));
    let mut entry = fixture.entry();
    let rig = Faulty::start(fixture.port, databases, allowed, ("SELECT 'text' AS a", json!([["text"]])), |port| {
        entry["aws"]["endpoint"] = json!(format!("https://localhost:{port}"));
        entry["options"] = json!({"max_retries": 0});
        entry.clone()
    })
    .await;
    (fixture, rig)
}

#[tokio::test]
async fn closed_at_a_byte() {
    let (_fixture, rig) = start(MOST / STEP, LONG).await;
    let whole = rig.heard(0).await.len();
    assert!((1_000..MOST - LANES * STEP).contains(&whole), "a handshake and an answer: {whole}");
    let faults = (0..whole).step_by(STEP).enumerate().map(|(turn, at)| (LANES + turn, at, Fault::Close));
    for Met { at, answer, heard } in rig.meet(faults).await {
        // A signature and a date may be a byte shorter than the first ones were: then that was all.
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

/// The same few databases, again and again.
#[tokio::test]
async fn what_is_lost_takes_no_memory() {
    let (_fixture, rig) = start(LANES, LONG).await;
    let whole = rig.heard(0).await.len();
    let mut before = rig.holds();
    let mut lost = 0;
    // What the first round takes is kept to be used again; what the others take besides would be lost.
    for round in 0..3 {
        let met = rig.meet(in_turn((0..whole).step_by(STEP * 2), |_| Fault::Close)).await;
        lost += met.iter().filter(|met| met.answer.is_error()).count();
        if round == 0 {
            before = rig.holds();
        }
    }
    // Not all: a handshake that is resumed is shorter, and a connection that was kept is past the byte.
    assert!(lost > 200, "{lost} connections were lost");
    rig.has_not_grown(&before);
    for lane in 0..LANES {
        rig.works(lane).await;
    }
}

#[tokio::test]
async fn a_bit_turned() {
    let (_fixture, rig) = start(MOST / STEP, SHORT).await;
    let whole = rig.heard(0).await.len();
    let faults = (0..whole - 1).step_by(STEP).enumerate().map(|(turn, at)| (LANES + turn, at, Fault::Flip(0x41)));
    for Met { at, answer, heard } in rig.meet(faults).await {
        // But for the version in a record's head, which is of no meaning any more (RFC 8446, 5.1), and where a signature was
        // a byte shorter than the first one: then this one wasn't said.
        if heard.len() <= at || records(&heard).iter().any(|start| (start + 1..start + 3).contains(&at)) {
            continue;
        }
        let error = answer.error();
        let kind = error["kind"].as_str().unwrap_or_default();
        assert!(["connection", "timeout"].contains(&kind), "{at} of {whole}: {error}");
    }
}

#[tokio::test]
async fn silence_and_babble() {
    let (_fixture, rig) = start(LANES * 4, SHORT).await;
    let _ = rig.heard(0).await;
    // Each database of a lane for the first time: a handshake in full.
    let silent = (0..LANES).map(|lane| (LANES + lane, lane * 100, Fault::Stall));
    for Met { at, answer, .. } in rig.meet(silent).await {
        assert_eq!(answer.error()["kind"], "timeout", "{at}: {}", answer.error());
    }
    let babble = [&b"HTTP/1.1 200 OK\r\n\r\n"[..], b"SSH-2.0-OpenSSH_9.2p1\r\n", &[0; 300], &[0xFF; 300]];
    let faults = babble.iter().enumerate().map(|(turn, text)| (LANES * 2 + turn, 0, Fault::Says(text.to_vec())));
    for Met { answer, .. } in rig.meet(faults).await {
        let error = answer.error();
        assert_eq!(error["kind"], "connection", "{error}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains("TLS failed")), "{error}");
    }
    let before = rig.holds();
    // Records of an alert that only warns, without end.
    let endless = (0..LANES).map(|lane| (LANES * 3 + lane, 0, Fault::Repeats(vec![0x15, 3, 3, 0, 2, 1, 90])));
    for Met { answer, .. } in rig.meet(endless).await {
        let kind = answer.error()["kind"].as_str().unwrap_or_default().to_owned();
        assert!(["connection", "timeout"].contains(&kind.as_str()), "{}", answer.error());
    }
    rig.has_not_grown(&before);
    for lane in 0..LANES {
        rig.works(lane).await;
    }
}
