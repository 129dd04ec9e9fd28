//! The handler behind both transports: one for the process, cloned for each session or request.

use std::borrow::Cow;
use std::sync::Arc;

use axum::http::request::Parts;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams, CancelledNotificationParam,
    CompleteRequestParams, CompleteResult, GetPromptRequestParams, GetPromptResponse, GetTaskParams, GetTaskResult,
    Implementation, JsonObject, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult,
    ServerCapabilities, ServerConfig, SubscriptionFilter, Tool, UpdateTaskParams,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer};
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::announce::{self, Audience};
use super::calls::{CallerGone, Calls};
use super::confirm::{Asking, Pending};
use super::handler::Handler;
use super::kept::Kept;
use super::offer::{Offer, Offers};
use super::tasks::{self, Tasks};
use super::{app, completions, failure, progress, prompts, resources, tools};
use crate::config::Secret;
use crate::contract::ErrorKind;
use crate::dynamic::Attached;
use crate::error::CallError;
use crate::metrics;
use crate::session::{Caller, Principal, Sessions, ToolCall};

/// Names a session in the requests of the older protocols.
pub(super) const SESSION_HEADER: &str = "mcp-session-id";

/// The MCP server of one registry. Cheap to clone.
#[derive(Clone)]
pub(super) struct Server(Arc<Shared>);

struct Shared {
    sessions: Arc<Sessions>,
    offers: Arc<Offers>,
    audience: Arc<Audience>,
    calls: Calls,
    kept: Arc<Kept>,
    tasks: Tasks,
    /// Questions to people that wait for their answers.
    pending: Arc<Pending>,
}

impl Server {
    pub(super) fn new(sessions: Arc<Sessions>, calls: Calls) -> Server {
        let offers = Arc::new(Offers::new(sessions.registry().clone(), sessions.config().clone()));
        let audience = Arc::default();
        announce::start(sessions.registry(), &offers, &audience);
        let (tasks, kept, pending) = (Tasks::new(), Kept::start(), Arc::default());
        Server(Arc::new(Shared { sessions, offers, audience, calls, kept, tasks, pending }))
    }

    /// Runs a tool until it answers, `unwanted` says that its answer has no taker, or the process stops.
    async fn call(
        &self,
        caller: &Caller,
        name: &str,
        arguments: JsonObject,
        asking: &Asking,
        unwanted: impl Future<Output = ()>,
    ) -> CallToolResult {
        let Some(_running) = self.0.calls.begin() else {
            return failure::result(&CallError::new(ErrorKind::Cancelled, "the server is shutting down"), None);
        };
        let in_use = tools::InUse::default();
        let offer = self.offer();
        let context = tools::Context {
            sessions: &self.0.sessions,
            call: ToolCall { caller, shown: name, ours: offer.names.ours(name) },
            kept: &self.0.kept,
            asking,
            in_use: &in_use,
            names: &offer.names,
        };
        let call = metrics::CALL.scope(metrics::Call::begin(name), async {
            let result = tools::call(context, name, arguments).await;
            metrics::Call::ended(failure::kind(&result));
            result
        });
        let why = tokio::select! {
            result = call => return result,
            () = unwanted => CALLER_GONE,
            () = self.0.calls.stopped() => "the server is shutting down and the call's grace period has passed",
        };
        tracing::info!(tool = name, "call stopped: {why}");
        failure::result(&CallError::new(ErrorKind::Cancelled, why), None)
    }

    fn offer(&self) -> Arc<Offer> {
        self.0.offers.current()
    }
}

impl Handler for Server {
    fn answers_at_once(&self, tool: &str) -> bool {
        let offer = self.offer();
        offer.has_tool(tool) && !offer.may_ask(tool)
    }

    async fn answer_at_once(
        &self,
        session: Option<&str>,
        attached: Option<Attached>,
        tool: &str,
        arguments: JsonObject,
        unwanted: impl Future<Output = ()> + Send,
    ) -> CallToolResult {
        let caller = Caller { principal: Principal::Anonymous, protocol_session: session.map(Arc::from), attached };
        self.call(&caller, tool, arguments, &Asking::Nobody, unwanted).await
    }

    fn attach(&self, string: Secret) -> Result<Attached, CallError> {
        self.0.sessions.attach(string)
    }

    async fn session_ended(&self, session: &str) {
        self.0.sessions.protocol_session_ended(session).await;
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_resources()
            .enable_resources_list_changed()
            .enable_prompts()
            .enable_completions()
            .enable_tasks()
            .build();
        ServerConfig::new(app::declared(capabilities))
            .with_server_info(Implementation::new("bulkhead", env!("CARGO_PKG_VERSION")).with_title("Bulkhead"))
            .with_instructions(self.offer().instructions.clone())
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(ProtocolVersion::KNOWN_VERSIONS)
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let shows = app::is_shown_by(context.client_capabilities().as_ref());
        let offer = self.offer();
        let tools = if shows { &offer.tools_with_view } else { &offer.tools };
        // Private: what is listed says which databases there are and whether they can be written.
        Ok(ListToolsResult::with_all_items(tools.clone()).with_cache_scope(CacheScope::Private).with_ttl_ms(0))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.offer().tools.iter().find(|tool| tool.name == name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let offer = self.offer();
        if !offer.has_tool(&request.name) {
            return Err(ErrorData::invalid_params(format!("there is no tool {:?}", request.name), None));
        }
        let gone = context.extensions.get::<Parts>().and_then(|parts| parts.extensions.get::<CallerGone>());
        let unwanted = async {
            tokio::select! {
                () = context.ct.cancelled() => {}
                () = CallerGone::wait(gone) => {}
            }
        };
        let caller = caller_of(&context);
        let asking = Asking::of(&context, &self.0.pending, request.request_state, request.input_responses);
        if tasks::are_known_by(&context) && !offer.may_ask(&request.name) {
            let (server, name, arguments) = (self.clone(), request.name, request.arguments.unwrap_or_default());
            let owner = caller.principal.clone();
            let call = async move { server.call(&caller, &name, arguments, &asking, std::future::pending()).await };
            return tokio::select! {
                answer = self.0.tasks.run(&owner, offer.longest, call) => Ok(answer),
                () = unwanted => Ok(failure::result(&cancelled(), None).into()),
            };
        }
        let token = context.meta.get_progress_token();
        let call = self.call(&caller, &request.name, request.arguments.unwrap_or_default(), &asking, unwanted);
        let result = progress::told(&context.peer, token, call).await;
        Ok(asking.asked().map_or_else(|| result.into(), CallToolResponse::from))
    }

    async fn get_task(&self, request: GetTaskParams, context: RequestContext<RoleServer>) -> Result<GetTaskResult, ErrorData> {
        Ok(GetTaskResult::new(self.0.tasks.get(&caller_of(&context).principal, &request.task_id)?))
    }

    async fn cancel_task(&self, request: CancelTaskParams, context: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        self.0.tasks.cancel(&caller_of(&context).principal, &request.task_id)
    }

    /// No task here asks for anything; what comes anyway is ignored, if there is such a task.
    async fn update_task(&self, request: UpdateTaskParams, context: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        self.0.tasks.get(&caller_of(&context).principal, &request.task_id).map(drop)
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.0.audience.join(context.peer);
    }

    fn accepted_subscription_filter(&self, _requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(announce::accepted())
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        self.0.audience.listen(&subscription, self.0.calls.closing()).await;
        Ok(())
    }

    /// For calls that didn't go through rmcp's session; it has seen to its own.
    async fn on_cancelled(&self, notification: CancelledNotificationParam, context: NotificationContext<RoleServer>) {
        let session = context.extensions.get::<Parts>().and_then(|parts| parts.headers.get(SESSION_HEADER)?.to_str().ok());
        if let (Some(session), Some(id)) = (session, &notification.request_id) {
            self.0.calls.cancel(session, id);
        }
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let caller = caller_of(&context);
        let connected = self.0.sessions.visible(&caller, None).unwrap_or_default();
        let mut resources = resources::list(&self.0.sessions.registry().current(), &connected);
        resources.extend(self.0.kept.list(&caller));
        Ok(ListResourcesResult::with_all_items(resources).with_cache_scope(CacheScope::Private).with_ttl_ms(0))
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(resources::templates()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let _running = self.begin()?;
        let contents = if Kept::is_one(&request.uri) {
            let found = self.0.kept.read(&caller_of(&context), &request.uri);
            found.ok_or_else(|| resources::missing(&request.uri))?
        } else {
            let caller = caller_of(&context);
            resources::read(|tool, id| self.0.sessions.find(ToolCall::like(&caller, tool), Some(id)), &request.uri).await?
        };
        Ok(ReadResourceResult::new(vec![contents]).with_cache_scope(CacheScope::Private).with_ttl_ms(0).into())
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(prompts::list()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let caller = caller_of(&context);
        Ok(prompts::get(
            |tool, id| self.0.sessions.find(ToolCall::like(&caller, tool), id),
            &request.name,
            request.arguments.as_ref(),
        )?
        .into())
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let _running = self.begin()?;
        let caller = caller_of(&context);
        let known = completions::Known { sessions: &self.0.sessions, caller: &caller };
        let found = completions::complete(known, &request.r#ref, &request.argument, request.context.as_ref()).await;
        Ok(CompleteResult::new(found))
    }
}

impl Server {
    /// Counts something that reads a database as running.
    fn begin(&self) -> Result<TaskTrackerToken, ErrorData> {
        self.0.calls.begin().ok_or_else(|| ErrorData::internal_error("the server is shutting down", None))
    }
}

fn caller_of(context: &RequestContext<RoleServer>) -> Caller {
    caller(context.extensions.get::<Parts>(), context.meta.protocol_version().as_ref())
}

/// Who calls, by the HTTP request that the call came in; without one, on standard input. The newest protocol has no sessions: what
/// its requests say of one is made up, and nobody has checked it.
fn caller(request: Option<&Parts>, version: Option<&ProtocolVersion>) -> Caller {
    match request {
        Some(parts) => {
            let session = parts.headers.get(SESSION_HEADER).and_then(|id| id.to_str().ok());
            let session = session.filter(|_| version != Some(&ProtocolVersion::V_2026_07_28));
            let attached = parts.extensions.get::<Attached>().cloned();
            Caller { principal: Principal::Anonymous, protocol_session: session.map(Arc::from), attached }
        }
        None => Caller { principal: Principal::Stdio, protocol_session: Some(Arc::from(STDIO_SESSION)), attached: None },
    }
}

const CALLER_GONE: &str = "the caller cancelled the call or is gone";

fn cancelled() -> CallError {
    CallError::new(ErrorKind::Cancelled, CALLER_GONE)
}

/// The one session on standard input.
const STDIO_SESSION: &str = "stdio";

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn only_protocols_with_sessions_have_one() {
        let request = axum::http::Request::builder().header(SESSION_HEADER, "made-up").body(()).unwrap();
        let (parts, ()) = request.into_parts();
        let session = |version| caller(Some(&parts), version).protocol_session;
        assert_eq!(session(None).as_deref(), Some("made-up"));
        assert_eq!(session(Some(&ProtocolVersion::V_2026_07_28)), None);
        assert_eq!(caller(None, Some(&ProtocolVersion::V_2026_07_28)).protocol_session.as_deref(), Some(STDIO_SESSION));
    }
}
