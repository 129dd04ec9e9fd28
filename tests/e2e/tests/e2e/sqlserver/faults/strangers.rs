//! What isn't a SQL Server at all, or never comes to an end.

use bulkhead_tests::faulty::{LANES, LONG, Met, SHORT};
use bulkhead_tests::proxy::Fault;

use super::{packets, start};

const HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n";
const SSH: &[u8] = b"SSH-2.0-OpenSSH_9.2p1\r\n";

#[tokio::test]
async fn another_protocol() {
    for (mode, places) in [("none", &[0, 43][..]), ("on", &[0, 43]), ("strict", &[0])] {
        let rig = start(mode, LANES, LONG).await;
        for at in places {
            for text in [HTTP, SSH, &[0; 300], &[0xFF; 300]] {
                let met = rig.meet(std::iter::once((0, *at, Fault::Says(text.to_vec())))).await;
                let error = met[0].answer.error();
                let message = error["message"].as_str().unwrap_or_default();
                let tls = mode == "strict" || (mode == "on" && *at > 0);
                let (kind, word) = if tls { ("connection", "TLS failed") } else { ("protocol", "does not speak TDS") };
                assert_eq!(error["kind"], kind, "{mode} {at}: {error}");
                assert!(message.contains(word), "{mode} {at}: {error}");
            }
            rig.works(0).await;
        }
    }
}

/// A message without end, notices without end: the caller hears of it, and the host keeps none of it.
#[tokio::test]
async fn without_end() {
    let rig = start("none", LANES, SHORT).await;
    let starts = packets(&rig.heard(0).await);
    let result = *starts.last().expect("packets");
    // INFO: number, state, class, text, server, procedure, line.
    let text: Vec<u8> = "on and on ".repeat(100).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let count = u16::try_from(text.len() / 2).expect("a length").to_le_bytes();
    let body = [&[1, 0, 0, 0, 1, 0][..], &count, &text, &[0, 0, 1, 0, 0, 0]].concat();
    let info = [&[0xAB][..], &u16::try_from(body.len()).expect("a length").to_le_bytes(), &body].concat();
    let packet = |body: &[u8]| {
        let [high, low] = u16::try_from(body.len() + 8).expect("a small packet").to_be_bytes();
        [&[0x04, 0, high, low, 0, 0, 1, 0], body].concat()
    };
    let before = rig.holds();
    for (at, says, kind) in [
        (0, packet(&[0; 1_000]), "protocol"),
        (0, packet(&[]), "timeout"),
        (starts[1], packet(&info), "timeout"),
        (starts[1], packet(&[]), "timeout"),
        (result, packet(&info), "timeout"),
        (result, packet(&[]), "timeout"),
    ] {
        let met = rig.meet((0..LANES).map(|lane| (lane, at, Fault::Repeats(says.clone())))).await;
        for Met { answer, .. } in met {
            assert_eq!(answer.error()["kind"], kind, "{at}: {}", answer.error());
        }
        rig.works(0).await;
    }
    rig.has_not_grown(&before);
}
