//! Hostile drivers: each fault is contained, its caller is told which database it was, and a neighbour is served meanwhile.

mod batches;
mod capabilities;
mod cursors;
mod errors;
mod loading;
mod memory;
mod network;
mod time;
mod traps;

use bulkhead_tests::Answer;

/// What the caller of a hostile driver was told: the error's text, which has to name the database.
fn told(answer: &Answer) -> String {
    assert!(answer.is_error(), "not an error: {}", answer.raw());
    let text = answer.raw().to_string();
    assert!(text.contains("bad"), "the database isn't named: {text}");
    text
}

/// As `told`; one of these words has to be in it, whatever its case.
fn told_of(answer: &Answer, words: &[&str]) {
    let text = told(answer).to_lowercase();
    assert!(words.iter().any(|word| text.contains(word)), "none of {words:?} is in: {text}");
}
