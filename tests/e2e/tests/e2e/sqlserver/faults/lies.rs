//! A server that says one thing wrong: a bit, a length, a count.

use bulkhead_tests::faulty::{LANES, LONG, Met, SHORT, in_turn, records};
use bulkhead_tests::proxy::Fault;

use super::{packets, start};

/// A packet of a response.
fn packet(body: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(body.len() + 8).expect("a small packet").to_be_bytes();
    [&[0x04, 0x01, high, low, 0, 0, 1, 0], body].concat()
}

/// Some of it goes unnoticed, as another letter in a text. Nothing hangs, and nothing is taken for an answer of another kind.
#[tokio::test]
async fn at_every_byte() {
    let rig = start("none", LANES, SHORT).await;
    let whole = rig.heard(0).await.len();
    let mut before = None;
    let mut noticed = 0;
    // Lengths that are off by one, and large ones.
    for bits in [0x01, 0xFF] {
        let met = rig.meet(in_turn(0..whole, |_| Fault::Flip(bits))).await;
        noticed += met.iter().filter(|Met { answer, .. }| answer.is_error() && answer.error()["kind"] == "protocol").count();
        // After a first round, which takes what is used again.
        before.get_or_insert_with(|| rig.holds());
    }
    assert!(noticed > whole / 3, "{noticed} of {whole}, twice, were broken protocol");
    rig.has_not_grown(&before.expect("a round"));
    for lane in 0..LANES {
        rig.works(lane).await;
    }
}

/// Under TLS nothing goes unnoticed.
#[tokio::test]
async fn at_every_byte_of_tls() {
    // More than there are bytes.
    const MOST: usize = 1_700;
    // A third of them, the length of a record's head being two bytes and its text far more.
    const STEP: usize = 3;
    let rig = start("strict", MOST / STEP, SHORT).await;
    let whole = rig.heard(0).await.len();
    assert!(whole < MOST - LANES * STEP, "{whole}");
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

/// What is too long, too short, too many: named.
#[tokio::test]
async fn by_name() {
    let rig = start("none", LANES, LONG).await;
    let starts = packets(&rig.heard(0).await);
    let (login, result) = (starts[1], *starts.last().expect("packets"));
    // One column, an int that may be NULL.
    let column = [0x81, 1, 0, 0, 0, 0, 0, 1, 0, 0x26, 4, 1, b'a', 0].as_slice();
    // One, varchar(max).
    let long = [0x81, 1, 0, 0, 0, 0, 0, 1, 0, 0xA7, 0xFF, 0xFF, 9, 4, 0xD0, 0, 0x34, 1, b'a', 0].as_slice();
    let row = |column: &[u8], value: &[u8]| packet(&[column, &[0xD1], value].concat());
    for (at, says, kind, word) in [
        (0, vec![0x04, 1, 0, 7, 0, 0, 1, 0], "protocol", "a packet shorter than its header"),
        (0, packet(&[]), "protocol", "prelogin"),
        (0, packet(&[0, 0xFF, 0xFF, 0, 6, 0xFF]), "protocol", "outside of its message"),
        (0, vec![0x04, 1, 0xFF, 0xFF, 0, 0, 1, 0, 1, 0], "connection", "closed"),
        (login, packet(&[]), "protocol", "neither a yes nor a no"),
        (login, packet(&[0xAB, 0xFF, 0xFF, 0]), "protocol", "ends in the middle"),
        (login, packet(&[0xE3, 1, 0, 4]), "protocol", "in the middle"),
        (login, packet(&[0xAE, 0x0A, 0xFF, 0xFF, 0xFF, 0xFF]), "protocol", ""),
        (result, packet(&[0x81, 0xFE, 0xFF]), "protocol", "more columns than a statement can have"),
        (result, packet(&[0xD1, 0]), "protocol", "out of turn"),
        (result, row(column, &[5, 0, 0, 0, 0, 0]), "protocol", "size is not its type's"),
        (result, row(column, &[4, 0]), "protocol", "ends in the middle"),
        (result, row(long, &[9, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, b'x', 0, 0, 0, 0]), "protocol", "chunks are not as long"),
        (result, row(long, &[0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0x80]), "protocol", ""),
        (result, packet(&[0xFD, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "protocol", "attention"),
    ] {
        let met = rig.meet(std::iter::once((0, at, Fault::Says(says.clone())))).await;
        let error = met[0].answer.error();
        assert_eq!(error["kind"], kind, "{says:02x?}: {error}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(word)), "{says:02x?}: {error}");
        rig.works(0).await;
    }
}
