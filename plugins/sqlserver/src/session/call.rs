//! A call of a procedure and nothing else: `EXEC dbo.p @p1, @total = @p2 OUTPUT`.

use super::parameters::Given;
use crate::protocol::request::Argument;
use crate::tsql;

/// A call.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Call<'a> {
    pub(super) procedure: &'a str,
    passed: Vec<Passed<'a>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Passed<'a> {
    /// The procedure's name for it, with its `@`; or nothing.
    name: &'a str,
    /// Which of the given parameters.
    given: usize,
    output: bool,
}

impl<'a> Call<'a> {
    /// Reads a call whose arguments are all given parameters. None: it is something else, or more.
    pub(super) fn parse(sql: &'a str, given: &[Given<'_>]) -> Option<Self> {
        let (procedure, arguments) = tsql::call(sql)?;
        let passed = if arguments.is_empty() {
            Vec::new()
        } else {
            arguments.split(',').map(|argument| Passed::parse(argument.trim(), given)).collect::<Option<_>>()?
        };
        // One that isn't passed would be lost.
        (passed.len() == given.len()).then_some(Self { procedure, passed })
    }

    /// What the caller calls the arguments, in their order.
    pub(super) fn names(&self, given: &[Given<'_>]) -> Vec<String> {
        self.passed.iter().filter_map(|passed| given.get(passed.given)).map(|given| given.name.clone()).collect()
    }

    /// What is sent.
    pub(super) fn arguments<'b>(&self, given: &'b [Given<'b>]) -> Vec<Argument<'b>>
    where
        'a: 'b,
    {
        let argument = |passed: &Passed<'a>| {
            let value = given.get(passed.given)?.value.clone();
            Some(Argument { name: passed.name, output: passed.output, value })
        };
        self.passed.iter().filter_map(argument).collect()
    }
}

impl<'a> Passed<'a> {
    fn parse(argument: &'a str, given: &[Given<'_>]) -> Option<Self> {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name.trim(), value.trim()),
            None => ("", argument),
        };
        let (variable, after) = value.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((value, ""));
        let output = match after.trim() {
            "" => false,
            word if word.eq_ignore_ascii_case("OUTPUT") || word.eq_ignore_ascii_case("OUT") => true,
            _ => return None,
        };
        if !name.is_empty() && !is_variable(name) {
            return None;
        }
        let given = given.iter().position(|given| given.name.eq_ignore_ascii_case(variable))?;
        Some(Self { name, given, output })
    }
}

fn is_variable(text: &str) -> bool {
    text.strip_prefix('@').is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_#$@".contains(c)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::super::parameters;
    use super::*;
    use bulkhead_driver::{Parameter, Value};

    #[test]
    fn calls() {
        let params = [1, 2].map(|number| Parameter { name: None, value: Value::Int64(number), type_hint: None });
        let given = parameters::given(&params).unwrap();
        let call = Call::parse("EXEC dbo.p @p2, @total = @P1 OUTPUT", &given).unwrap();
        assert_eq!(call.procedure, "dbo.p");
        let arguments = call.arguments(&given);
        assert_eq!((arguments[0].name, arguments[0].output), ("", false));
        assert_eq!((arguments[1].name, arguments[1].output), ("@total", true));
        assert_eq!(Call::parse("EXEC p", &[]).unwrap().passed, []);
        for sql in ["EXEC p @p1", "EXEC p @p1, 2", "EXEC p @p1, @p3", "EXEC p @p1, @p2 + 1", "SELECT 1", "EXEC p @p1, x = @p2"] {
            assert_eq!(Call::parse(sql, &given), None, "{sql}");
        }
    }
}
