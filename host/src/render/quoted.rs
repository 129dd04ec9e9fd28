//! JSON strings.

/// Writes a text as a JSON string, quotes included.
pub fn quoted(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    // Every byte that needs an escape is ASCII, so each split is at a character's boundary.
    while let Some(at) = rest.bytes().position(needs_escape) {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        let mut tail = tail.chars();
        if let Some(escaped) = tail.next() {
            escape(out, escaped);
        }
        rest = tail.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn escape(out: &mut String, escaped: char) {
    match escaped {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        other => {
            const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
            let code = other as usize;
            out.push_str("\\u00");
            out.push(HEX.get(code >> 4 & 15).copied().unwrap_or('0'));
            out.push(HEX.get(code & 15).copied().unwrap_or('0'));
        }
    }
}
