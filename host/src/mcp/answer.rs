//! A tool's answer: a JSON document, given twice, as MCP asks: as structured content, and as text for clients that know no other.

use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Number, Value};

/// An answer whose text is the document itself.
pub(super) fn document(json: String) -> CallToolResult {
    let text = json.clone();
    with_text(json, text)
}

/// An answer whose text is another form of the document.
pub(super) fn with_text(json: String, text: String) -> CallToolResult {
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.structured_content = Some(written(json));
    result
}

/// An error that the model is to read and act on.
pub(super) fn error(document: Value, text: String) -> CallToolResult {
    let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
    result.structured_content = Some(document);
    result
}

/// JSON that is already written, as a value that is written out again byte by byte.
///
/// rmcp's results hold a tree of values. For a thousand rows, building, walking and freeing that tree costs more than everything
/// else the host does for the call, and the text is at hand. With serde_json's `arbitrary_precision` a number is its text, so
/// the document travels as the text of one "number". Nobody looks at it on its way: rmcp serialises it, once. The tests below
/// hold serde_json to this.
pub(super) fn written(json: String) -> Value {
    Value::Number(Number::from_string_unchecked(json))
}

/// The same result with its document as a tree, for what looks into it.
pub(super) fn as_tree(mut result: CallToolResult) -> CallToolResult {
    if let Some(Value::Number(text)) = &result.structured_content {
        result.structured_content = serde_json::from_str(text.as_str()).ok();
    }
    result
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"a":[1,"x\n\"é",null],"b":{}}"#;

    #[test]
    fn a_written_document_goes_out_as_it_is() {
        let value = written(JSON.to_owned());
        assert_eq!(serde_json::to_string(&value).unwrap(), JSON);
        assert_eq!(serde_json::to_vec(&vec![Some(value)]).unwrap(), format!("[{JSON}]").into_bytes());
    }

    #[test]
    fn an_answer_reads_back_as_structured_content_and_as_text() {
        let sent = serde_json::to_string(&document(JSON.to_owned())).unwrap();
        let read: Value = serde_json::from_str(&sent).unwrap();
        let expected: Value = serde_json::from_str(JSON).unwrap();
        assert_eq!(read["structuredContent"], expected);
        assert_eq!(serde_json::from_str::<Value>(read["content"][0]["text"].as_str().unwrap()).unwrap(), expected);
        assert_eq!(read["isError"], false);
        assert_eq!(as_tree(document(JSON.to_owned())).structured_content, Some(expected));
    }
}
