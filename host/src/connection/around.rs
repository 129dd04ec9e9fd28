//! What a driver says around a batch, cut to lengths that people and models read: it goes into every answer.

use crate::bounded::shorten;
use crate::contract::{Column, Completion, Notice};
use crate::limits::{MAX_NAME, MAX_NOTICES, MAX_TEXT};

/// Names and types of columns.
pub(super) fn columns(columns: &mut [Column]) {
    for column in columns {
        shorten(&mut column.name, MAX_NAME);
        shorten(&mut column.native_type, MAX_NAME);
    }
}

/// The tag and the notices; the first ones are kept, and one says how many there were more.
pub(super) fn completion(done: &mut Completion) {
    if let Some(tag) = &mut done.command_tag {
        shorten(tag, MAX_NAME);
    }
    let over = done.notices.len().saturating_sub(MAX_NOTICES);
    done.notices.truncate(MAX_NOTICES);
    for Notice { severity, code, message, detail, hint } in &mut done.notices {
        shorten(severity, MAX_NAME);
        shorten(message, MAX_TEXT);
        for text in [code, detail, hint].into_iter().flatten() {
            shorten(text, MAX_TEXT);
        }
    }
    if over > 0 {
        let message = format!("{over} more notices were left out: {MAX_NOTICES} are shown");
        done.notices.push(Notice { severity: "INFO".to_owned(), code: None, message, detail: None, hint: None });
    }
}
