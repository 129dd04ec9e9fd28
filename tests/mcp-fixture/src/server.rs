//! The handler: each request to its module.

// Subscribing to single resources and setting a level are of the older protocols only.
#![allow(deprecated)]

use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams, CompleteResult, CompletionInfo, ContentBlock,
    GetPromptRequestParams, GetPromptResponse, Implementation, JsonObject, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
    ServerCapabilities, ServerConfig, SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, Tool,
    UnsubscribeRequestParams,
};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer};
use tokio::sync::broadcast;

use crate::rounds::Round;
use crate::seal::Seal;
use crate::tells::Change;
use crate::{asks, contents, prompts, resources, tells, tools};

/// Changes that a listener may be behind.
const BACKLOG: usize = 16;

/// The fixture. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Server {
    seal: Seal,
    changes: broadcast::Sender<Change>,
}

impl Server {
    /// With a seal of its own.
    pub(crate) fn new() -> anyhow::Result<Server> {
        Ok(Server { seal: Seal::new()?, changes: broadcast::Sender::new(BACKLOG) })
    }

    fn round(
        &self,
        state: Option<String>,
        answers: Option<rmcp::model::InputResponses>,
        context: &RequestContext<RoleServer>,
    ) -> Round<'_> {
        Round { answers, state, client: context.client_capabilities().unwrap_or_default(), seal: &self.seal }
    }
}

/// Answers that never change don't need rmcp's way: through these the suite sees the short one.
impl bulkhead::mcp::Handler for Server {
    fn answers_at_once(&self, tool: &str) -> bool {
        contents::NAMES.contains(&tool)
    }

    async fn answer_at_once(
        &self,
        _session: Option<&str>,
        _attached: Option<bulkhead::dynamic::Attached>,
        tool: &str,
        _arguments: JsonObject,
        _unwanted: impl Future<Output = ()> + Send,
    ) -> CallToolResult {
        let nothing = || CallToolResult::error(vec![ContentBlock::text("there is no such tool")]);
        contents::answer(tool).and_then(Result::ok).unwrap_or_else(nothing)
    }

    async fn session_ended(&self, _session: &str) {}
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_logging()
            .enable_completions()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_tools()
            .enable_tool_list_changed();
        ServerConfig::new(capabilities.build()).with_server_info(Implementation::new("mcp-fixture", env!("CARGO_PKG_VERSION")))
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::list()?))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::list().ok()?.into_iter().find(|tool| tool.name == name)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let (name, arguments) = (request.name, request.arguments.unwrap_or_default());
        if let Some(answer) = contents::answer(&name) {
            return answer.map(Into::into);
        }
        if let Some(answer) = tells::run(&name, &context, &self.changes).await {
            return answer.map(Into::into);
        }
        if let Some(answer) = asks::run(&name, &arguments, &context).await {
            return answer.map(Into::into);
        }
        if let Some(answer) = self.round(request.request_state, request.input_responses, &context).run(&name) {
            return answer;
        }
        if [tools::WITH_HEADER, tools::WITH_SCHEMA].contains(&&*name) {
            let echo = serde_json::Value::Object(arguments).to_string();
            return Ok(CallToolResult::success(vec![ContentBlock::text(echo)]).into());
        }
        Err(ErrorData::invalid_params(format!("there is no tool {name:?}"), None))
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(resources::list()?))
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(resources::templates()?))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        resources::read(&request.uri).map(Into::into)
    }

    async fn subscribe(&self, _request: SubscribeRequestParams, _context: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(
        &self,
        _request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(prompts::list()?))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        if request.name == prompts::ASKING
            && let Some(questions) = self.round(request.request_state, request.input_responses, &context).prompt()?
        {
            return Ok(questions.into());
        }
        prompts::get(&request.name, request.arguments.as_ref()).map(Into::into)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let values = ["paris", "park", "party", "test-value"].map(str::to_owned).into_iter();
        let fitting = values.filter(|value| value.starts_with(&request.argument.value)).collect();
        let completion = CompletionInfo::with_all_values(fitting).map_err(|why| ErrorData::internal_error(why, None))?;
        Ok(CompleteResult::new(completion))
    }

    async fn set_level(&self, _request: SetLevelRequestParams, context: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        // The newest protocol says the level with each request.
        if tells::is_newest(&context) {
            return Err(ErrorData::method_not_found::<rmcp::model::SetLevelRequestMethod>());
        }
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changes = self.changes.subscribe();
        loop {
            let change = tokio::select! {
                () = context.cancelled() => return Ok(()),
                change = changes.recv() => change,
            };
            // What the listener didn't ask for is refused there.
            let _ = match change {
                Ok(Change::Tools) => context.sink().notify_tool_list_changed().await,
                Ok(Change::Prompts) => context.sink().notify_prompt_list_changed().await,
                Err(_) => continue,
            };
        }
    }
}
