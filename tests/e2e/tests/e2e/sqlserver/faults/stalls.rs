//! A server that says no more, and keeps the connection: the caller hears of it when the time is up.

use bulkhead_tests::faulty::{LANES, Met, SHORT, in_turn};
use bulkhead_tests::proxy::Fault;

use super::{packets, start};

/// Places in each answer. Each takes as long as is allowed, and there is no telling a byte from its neighbour: nothing comes.
const PLACES: usize = 12;

#[tokio::test]
async fn in_the_clear() {
    let rig = start("none", LANES, SHORT).await;
    let heard = rig.heard(0).await;
    let before = rig.holds();
    let mut starts = packets(&heard);
    let result = *starts.last().expect("packets");
    assert!(starts.len() >= 3, "to PRELOGIN, to LOGIN7, and the result: {starts:?}");
    starts.push(heard.len());
    // The first and the last byte of each, and some between them.
    let places = starts.windows(2).flat_map(|ends| {
        let length = ends[1] - ends[0];
        (0..PLACES).map(move |place| ends[0] + (length - 1) * place / (PLACES - 1))
    });
    for Met { at, answer, .. } in rig.meet(in_turn(places, |_| Fault::Stall)).await {
        let error = answer.error();
        assert_eq!(error["kind"], "timeout", "{at}: {error}");
        let message = error["message"].as_str().unwrap_or_default();
        let word = if at < result { "pool.connect_timeout" } else { "time allowed ran out" };
        assert!(message.contains(word), "{at}: {error}");
    }
    rig.has_not_grown(&before);
    for lane in 0..LANES {
        rig.works(lane).await;
    }
}

#[tokio::test]
async fn in_the_handshake_of_tls() {
    for mode in ["on", "strict"] {
        let rig = start(mode, LANES * 2, SHORT).await;
        // Each database of a lane for the first time: a handshake in full.
        let places = (0..LANES).map(|lane| (LANES + lane, 50 + lane * 70, Fault::Stall));
        for Met { at, answer, .. } in rig.meet(places).await {
            let error = answer.error();
            assert_eq!(error["kind"], "timeout", "{mode} {at}: {error}");
            assert!(error["message"].as_str().is_some_and(|message| message.contains("pool.connect_timeout")), "{at}: {error}");
        }
        for lane in 0..LANES {
            rig.works(lane).await;
        }
    }
}
