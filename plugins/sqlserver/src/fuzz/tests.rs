use super::*;
use proptest::prelude::*;

fn packet(body: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(body.len() + 8).unwrap().to_be_bytes();
    [&[4, END, high, low, 0, 0, 1, 0], body].concat()
}

fn begun() -> Vec<u8> {
    let prelogin = [1, 0, 6, 0, 1, 0xff, 2];
    let mut login = vec![0xAD, 14, 0, 1, 4, 0, 0, 0x74, 2, b'x', 0, b'y', 0, 16, 0, 0, 1];
    login.extend(done(0));
    [packet(&prelogin), packet(&login)].concat()
}

fn done(status: u8) -> Vec<u8> {
    vec![0xFD, status, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
}

/// Messages of tokens that are right, some cut or changed.
fn conversation() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        done(0),
        done(1),
        done(0x10),
        done(0x11),
        done(0x20),
        [&[0xFF][..], &done(0x11)[1..]].concat(),
        [&[0xFE][..], &done(0)[1..]].concat(),
        b"\x81\x01\0\0\0\0\0\x01\0\x26\x04\x01a\0".to_vec(),
        b"\x81\x02\0\0\0\0\0\x01\0\x26\x04\x01a\0\0\0\0\0\x01\0\xa5\xff\xff\x01b\0".to_vec(),
        b"\xd1\x04\x07\0\0\0".to_vec(),
        b"\xd1\0\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        b"\xd2\x01".to_vec(),
        b"\xd2\x02\x04\x07\0\0\0".to_vec(),
        b"\xaa\x12\0\x07\0\0\0\x01\x10\x02\0n\0o\0\0\0\x01\0\0\0".to_vec(),
        b"\xaa\x12\0\x07\0\0\0\x01\x14\x02\0n\0o\0\0\0\x01\0\0\0".to_vec(),
        b"\xab\x12\0\x07\0\0\0\x01\0\x02\0h\0m\0\0\0\x01\0\0\0".to_vec(),
        b"\xe3\x0b\0\x08\x08\x01\0\0\0\0\0\0\x01\0".to_vec(),
        b"\xe3\x0b\0\x0a\0\x08\x01\0\0\0\0\0\0\x01".to_vec(),
        b"\xe3\x0d\0\x14\x09\0\0\x99\x05\x02\0d\0b\0\0\0".to_vec(),
        b"\xac\0\0\x01@\0\x01\0\0\0\0\0\0\x26\x04\x04\x01\0\0\0".to_vec(),
        b"\x79\x02\0\0\0".to_vec(),
        b"\xa9\x02\0\x01\0".to_vec(),
        b"\xae\x0d\x01\0\0\0\x01\xff".to_vec(),
    ]);
    let any_token = prop::collection::vec(any::<u8>(), 0..12);
    let token = prop_oneof![8 => known, 1 => any_token];
    let message = prop::collection::vec(token, 0..6).prop_map(|tokens| packet(&tokens.concat()));
    let start = prop::sample::select(vec![true, true, true, false]);
    (start, prop::collection::vec(message, 0..16), any::<prop::sample::Index>(), 0_u8..20).prop_map(
        |(start, messages, at, change)| {
            let mut bytes = if start { begun() } else { Vec::new() };
            bytes.extend(messages.concat());
            if change == 0 && !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= 0x55;
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_tokens_break_it(bytes in prop::collection::vec(any::<u8>(), 0..300), messages in conversation()) {
        tokens(&bytes);
        tokens(&messages);
    }

    #[test]
    fn no_rows_break_it(
        infos in prop::collection::vec(prop::sample::select(vec![
            vec![0x38_u8], vec![0x26, 8], vec![0x6A, 17, 38, 10], vec![0x6F, 8], vec![0x2B, 7], vec![0x28], vec![0x24, 16],
            vec![0xE7, 80, 0, 9, 4, 0xD0, 0, 52], vec![0xA7, 0xff, 0xff, 9, 4, 0xD0, 0, 52], vec![0x62, 0, 1, 0, 0], vec![0xF4],
            vec![0xF1, 0], vec![0xF5, 16, 0, 0], vec![0xA5, 20, 0],
        ]), 1..5),
        body in prop::collection::vec(prop_oneof![3 => prop::sample::select(vec![0_u8, 1, 3, 4, 8, 0xff, 0xA9]), 1 => any::<u8>()], 0..80),
    ) {
        let mut bytes = u16::try_from(infos.len()).unwrap().to_le_bytes().to_vec();
        for info in infos {
            bytes.extend([0, 0, 0, 0, 1, 0]);
            bytes.extend(info);
            bytes.push(0);
        }
        bytes.extend(body);
        rows(&bytes);
    }

    #[test]
    fn no_server_breaks_it(bytes in conversation()) {
        session(&bytes);
    }
}
