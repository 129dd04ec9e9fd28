//! A plan for people, from the server's XML (its showplan schema): one line for each operator, indented as they feed each other, and
//! what the optimiser warns of or misses.

use std::fmt::Write;

/// Lines of a plan: one of a thousand operators helps nobody.
const MOST_LINES: usize = 500;

/// The text.
#[must_use]
pub(crate) fn render(xml: &str) -> String {
    let mut text = String::new();
    let (mut depth, mut lines) = (0_usize, 0_usize);
    let mut rest = xml;
    while let Some((_, after)) = rest.split_once('<') {
        let end = tag_end(after);
        let tag = after.get(..end).unwrap_or_default();
        rest = after.get(end..).unwrap_or_default();
        if tag.starts_with("/RelOp") {
            depth = depth.saturating_sub(1);
            continue;
        }
        if lines >= MOST_LINES {
            continue;
        }
        let name = tag.split(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>').next().unwrap_or_default();
        let before = text.len();
        match name {
            "RelOp" => {
                operator(tag, depth, &mut text);
                if !tag.ends_with('/') {
                    depth += 1;
                }
            }
            "Object" => object(tag, depth, &mut text),
            "StmtSimple" => statement(tag, &mut text),
            "MissingIndexGroup" => {
                let _ = writeln!(text, "missing index, impact {}%", attribute(tag, "Impact").unwrap_or_default());
            }
            "Warnings" | "PlanAffectingConvert" | "ColumnsWithNoStatistics" | "SpillToTempDb" => {
                let _ = writeln!(text, "{}warning: {name}", "  ".repeat(depth));
            }
            _ => {}
        }
        lines += usize::from(text.len() > before);
    }
    if text.is_empty() { xml.to_owned() } else { text }
}

fn operator(tag: &str, depth: usize, text: &mut String) {
    let physical = attribute(tag, "PhysicalOp").unwrap_or_default();
    let logical = attribute(tag, "LogicalOp").unwrap_or_default();
    let _ = write!(text, "{}{physical}", "  ".repeat(depth));
    if logical != physical {
        let _ = write!(text, " ({logical})");
    }
    for (name, label) in [("EstimateRows", "rows"), ("EstimatedTotalSubtreeCost", "cost"), ("AvgRowSize", "width")] {
        if let Some(value) = attribute(tag, name) {
            let _ = write!(text, "  {label}={value}");
        }
    }
    text.push('\n');
}

fn object(tag: &str, depth: usize, text: &mut String) {
    let parts = ["Schema", "Table", "Index"].into_iter().filter_map(|name| attribute(tag, name));
    let name = parts.collect::<Vec<_>>().join(".");
    if !name.is_empty() {
        let _ = writeln!(text, "{}on {name}", "  ".repeat(depth));
    }
}

fn statement(tag: &str, text: &mut String) {
    let kind = attribute(tag, "StatementType").unwrap_or_default();
    let cost = attribute(tag, "StatementSubTreeCost").unwrap_or_default();
    let _ = writeln!(text, "{kind}  cost={cost}");
}

/// Where a tag ends: a `>` outside of quotes.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, quote) {
            (b'>', None) => return at,
            (b'"' | b'\'', None) => quote = Some(byte),
            (_, Some(open)) if open == byte => quote = None,
            _ => {}
        }
    }
    text.len()
}

/// An attribute's value, its entities replaced.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    loop {
        let (before, after) = rest.split_once(name)?;
        let boundary = before.ends_with(|c: char| c.is_ascii_whitespace());
        if boundary && let Some(value) = after.strip_prefix("=\"") {
            let (value, _) = value.split_once('"')?;
            let value = value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
            return Some(value.replace("&amp;", "&"));
        }
        rest = after;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_indented_as_they_feed_each_other() {
        let xml = r#"<ShowPlanXML><StmtSimple StatementText="SELECT '>'" StatementType="SELECT" StatementSubTreeCost="0.01">
            <RelOp NodeId="0" PhysicalOp="Nested Loops" LogicalOp="Inner Join" EstimateRows="2" EstimatedTotalSubtreeCost="0.01">
            <RelOp NodeId="1" PhysicalOp="Index Seek" LogicalOp="Index Seek" EstimateRows="1"><IndexScan>
            <Object Schema="[dbo]" Table="[t]" Index="[PK_&lt;t&gt;]"/></IndexScan></RelOp>
            <RelOp NodeId="2" PhysicalOp="Table Scan" LogicalOp="Table Scan" EstimateRows="2"></RelOp></RelOp></StmtSimple></ShowPlanXML>"#;
        let expected = "SELECT  cost=0.01\n\
                        Nested Loops (Inner Join)  rows=2  cost=0.01\n  Index Seek  rows=1\n    on [dbo].[t].[PK_<t>]\n  Table Scan  rows=2\n";
        assert_eq!(render(xml), expected);
    }

    #[test]
    fn what_is_no_plan_is_shown_as_it_is() {
        assert_eq!(render("nothing"), "nothing");
        assert_eq!(render("<"), "<");
        assert_eq!(render("<RelOp PhysicalOp=\"x"), "\n");
    }
}
