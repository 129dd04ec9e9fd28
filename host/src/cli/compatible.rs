//! The command lines of servers that have no subcommands: `--resource_arn … --transport streamable-http`.

use std::ffi::OsString;

/// Says the transport, and by that the subcommand.
const TRANSPORT: &str = "--transport";
/// What an argument may be that stands where a subcommand does.
const OURS: &[&str] = &["-h", "--help", "-V", "--version"];

/// The arguments as ours: without a subcommand they are those of `stdio`, or of `serve` where the transport is one of HTTP.
pub(super) fn arguments(given: Vec<OsString>) -> anyhow::Result<Vec<OsString>> {
    let is_flag = |argument: &OsString| argument.to_str().is_some_and(|text| text.starts_with('-') && !OURS.contains(&text));
    if !given.get(1).is_some_and(is_flag) {
        return Ok(given);
    }
    let mut rest = Vec::new();
    let mut transport = None;
    let mut all = given.into_iter();
    let program = all.next().unwrap_or_default();
    while let Some(argument) = all.next() {
        let text = argument.to_str().unwrap_or_default();
        if text == TRANSPORT {
            transport = Some(all.next().unwrap_or_default());
        } else if let Some(value) = text.strip_prefix(TRANSPORT).and_then(|rest| rest.strip_prefix('=')) {
            transport = Some(value.into());
        } else {
            rest.push(argument);
        }
    }
    let words: &[&str] = match transport.as_ref().map(|name| name.to_str().unwrap_or_default()) {
        None | Some("stdio") => &["stdio"],
        Some("streamable-http" | "http") => &["serve"],
        Some("sse") => &["serve", "--sse"],
        Some(_) => anyhow::bail!("{TRANSPORT}: stdio, streamable-http or sse is wanted"),
    };
    let words = words.iter().map(OsString::from);
    Ok(std::iter::once(program).chain(words).chain(rest).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn of(given: &str) -> Result<String, String> {
        let given = given.split(' ').map(OsString::from).collect();
        let words = arguments(given).map_err(|why| why.to_string())?;
        Ok(words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_transport_is_a_subcommand() {
        for (given, ours) in [
            ("bulkhead --resource_arn a", "bulkhead stdio --resource_arn a"),
            ("bulkhead --resource_arn a --transport stdio", "bulkhead stdio --resource_arn a"),
            ("bulkhead --transport streamable-http --hostname h", "bulkhead serve --hostname h"),
            ("bulkhead --hostname h --transport=sse", "bulkhead serve --sse --hostname h"),
            ("bulkhead serve --config f", "bulkhead serve --config f"),
            ("bulkhead --version", "bulkhead --version"),
            ("bulkhead", "bulkhead"),
        ] {
            assert_eq!(of(given).unwrap(), ours);
        }
        assert!(of("bulkhead --transport websocket").unwrap_err().contains("streamable-http"));
    }
}
