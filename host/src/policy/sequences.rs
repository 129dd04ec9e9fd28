//! PostgreSQL's sequences, which functions are given the names of: where tables are limited, a sequence counts as one, and its name has to
//! stand there as a plain text.

use sqlparser::tokenizer::Token;

use super::effective::Policy;
use super::reference::exact;
use super::{Name, Refusal};

const FUNCTIONS: &[&str] = &["nextval", "setval", "currval"];

/// Whether every sequence that is named may be used.
pub(super) fn check(policy: &Policy, tokens: &[Token]) -> Result<(), Refusal> {
    if policy.dialect != Name::PostgreSql || !policy.limits_tables() {
        return Ok(());
    }
    let words: Vec<&Token> = tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_))).collect();
    for four in words.windows(4) {
        let [Token::Word(word), Token::LParen, argument, end] = four else { continue };
        let function = word.value.to_lowercase();
        if !FUNCTIONS.contains(&function.as_str()) || policy.allow_functions.matches(&function) {
            continue;
        }
        let plain = match argument {
            Token::SingleQuotedString(text) if matches!(end, Token::RParen | Token::Comma) => parts(text),
            _ => None,
        };
        let unknown =
            || Refusal::unparsable(format!("{function}() takes as a value what it reaches: write its name as a plain text"));
        match plain.ok_or_else(unknown)?.as_slice() {
            [sequence] => {
                policy.leads_somewhere(sequence)?;
                policy.judge_name(None, sequence)?;
            }
            [schema, sequence] => policy.judge_name(Some(schema), sequence)?,
            _ => return Err(unknown()),
        }
    }
    Ok(())
}

/// The parts of a name as PostgreSQL reads it from a text: unquoted in lower case, quoted as they are.
fn parts(text: &str) -> Option<Vec<String>> {
    // Not unescaped: a quote in it would be two here.
    if text.contains('\'') {
        return None;
    }
    text.split('.').map(part).collect()
}

fn part(text: &str) -> Option<String> {
    let text = text.trim_matches(' ');
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let name = quoted.map_or_else(|| text.to_ascii_lowercase(), str::to_owned);
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$') || (quoted.is_some() && !matches!(c, '"' | '\\'));
    (!name.is_empty() && name.chars().all(is_plain)).then(|| exact(Name::PostgreSql, &name))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::super::{Request, Subject, decide};
    use super::*;
    use crate::config::PolicyConfig;

    #[test]
    fn a_sequence_is_held_to_the_lists() {
        for (config, allowed, refused) in [
            (
                json!({"schemas": ["public"]}),
                &[
                    "nextval('s')",
                    "NEXTVAL ( 'Public.S' )",
                    "pg_catalog.setval('public.s', 1)",
                    "currval('\"S t\"')",
                    "lastval()",
                ][..],
                &["nextval('hr.s')", "setval('hr.s', 1)", "setval('\"hr\".\"s\"', 1, true)", "\"currval\"('hr . s')"][..],
            ),
            (
                json!({"tables": ["orders", "orders_id_seq"]}),
                &["nextval('orders_id_seq')", "nextval('public.orders_id_seq')"],
                &["nextval('other')", "nextval('hr.orders_id_seq')", "nextval('\"Orders_id_seq\"')"],
            ),
            (json!({"deny_tables": ["secret", "hr.*"]}), &["setval('s', 1)"], &["setval('secret', 1)", "setval('hr.s', 1)"]),
            (json!({"schemas": ["public"], "functions": {"allow": ["nextval"]}}), &["nextval('hr.s')"], &["setval('hr.s', 1)"]),
            (json!({"functions": {"deny": ["md5"]}}), &["setval('hr.s', 1)"], &[]),
        ] {
            let policy: PolicyConfig = serde_json::from_value(config.clone()).unwrap();
            let policy = Policy::new(&policy, "postgresql", Some("shop"));
            let judged =
                |sql: &str| decide(&policy, &Request { subject: Subject::Statement(sql), read_only: false, agreed: false });
            for call in allowed {
                assert!(judged(&format!("SELECT {call}")).is_ok(), "{config}: {call}: {:?}", judged(&format!("SELECT {call}")));
            }
            for call in refused {
                assert!(judged(&format!("SELECT {call}")).is_err(), "{config} let through: {call}");
            }
            if !policy.limits_tables() {
                continue;
            }
            // What isn't a plain text may be anything.
            for call in [
                "setval(E'hr.s', 1)",
                "setval('hr' || '.s', 1)",
                "setval(a, 1)",
                "setval($1, 1)",
                "setval($$hr.s$$, 1)",
                "setval((SELECT 's'), 1)",
                "setval('a.b.c', 1)",
                "setval('h''r.s', 1)",
                "setval('hr.', 1)",
                "setval('s'::regclass, 1)",
                "setval(16384, 1)",
                "setval(value => 1, regclass => 'hr.s')",
            ] {
                assert!(judged(&format!("SELECT {call}")).is_err(), "{config} let through: {call}");
            }
        }
    }
}
