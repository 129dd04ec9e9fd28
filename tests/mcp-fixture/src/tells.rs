//! Tools that tell something on their way: log messages, progress, and that a list has changed.

// Logging is to leave the protocol, and is in the versions that are tried.
#![allow(deprecated)]

use std::time::Duration;

use rmcp::model::{CallToolResult, ContentBlock, ProgressNotificationParam, ProtocolVersion};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::json;
use tokio::sync::broadcast::Sender;

use crate::made::made;

/// Between two messages, so that they are sent one by one.
const PAUSE: Duration = Duration::from_millis(50);

/// The names of these tools.
pub(crate) const NAMES: [&str; 6] = [
    "test_tool_with_logging",
    "test_logging_tool",
    "test_tool_with_progress",
    "test_reconnection",
    "test_trigger_tool_change",
    "test_trigger_prompt_change",
];

/// Which list has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Tools,
    Prompts,
}

/// Runs a tool. None: it isn't one of these.
pub(crate) async fn run(
    tool: &str,
    context: &RequestContext<RoleServer>,
    changes: &Sender<Change>,
) -> Option<Result<CallToolResult, ErrorData>> {
    let done = match tool {
        "test_tool_with_logging" | "test_logging_tool" => log(context).await,
        "test_tool_with_progress" => progress(context).await,
        "test_reconnection" => {
            tokio::time::sleep(PAUSE).await;
            Ok(())
        }
        "test_trigger_tool_change" => told(changes, Change::Tools),
        "test_trigger_prompt_change" => told(changes, Change::Prompts),
        _ => return None,
    };
    Some(done.map(|()| CallToolResult::success(vec![ContentBlock::text(format!("{tool}: done"))])))
}

/// Whether a request is of the newest protocol, which has no sessions.
pub(crate) fn is_newest(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version() == Some(ProtocolVersion::V_2026_07_28)
}

/// In the newest protocol a request says whether it wants to hear of anything.
async fn log(context: &RequestContext<RoleServer>) -> Result<(), ErrorData> {
    let wanted = !is_newest(context) || context.meta.log_level().is_some();
    for words in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        if wanted {
            let message = made(json!({"level": "info", "logger": "fixture", "data": words}))?;
            context.peer.notify_logging_message(message).await.map_err(lost)?;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

async fn progress(context: &RequestContext<RoleServer>) -> Result<(), ErrorData> {
    for part in [0.0, 50.0, 100.0] {
        if let Some(token) = context.meta.get_progress_token() {
            let progress = ProgressNotificationParam::new(token, part).with_total(100.0);
            context.peer.notify_progress(progress).await.map_err(lost)?;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

fn told(changes: &Sender<Change>, change: Change) -> Result<(), ErrorData> {
    // Nobody listening is no mistake.
    let _ = changes.send(change);
    Ok(())
}

fn lost(why: rmcp::ServiceError) -> ErrorData {
    ErrorData::internal_error(format!("the message didn't reach the client: {why}"), None)
}
