//! Tools and a prompt of the newest protocol that end a call with questions, and go on when it is sent again with the answers.

use rmcp::ErrorData;
use rmcp::model::{
    CallToolResponse, CallToolResult, ClientCapabilities, ContentBlock, InputRequests, InputRequiredResult, InputResponses,
};
use serde_json::{Value, json};

use crate::asks::{elicitation, sampling};
use crate::made::made;
use crate::seal::Seal;

/// The names of these tools.
pub(crate) const NAMES: [&str; 10] = [
    "test_input_required_result_elicitation",
    "test_input_required_result_sampling",
    "test_input_required_result_list_roots",
    "test_input_required_result_request_state",
    "test_input_required_result_multiple_inputs",
    "test_input_required_result_multi_round",
    "test_input_required_result_tampered_state",
    "test_input_required_result_capabilities",
    "test_missing_capability",
    "test_streaming_elicitation",
];

/// What a call brings along.
pub(crate) struct Round<'a> {
    /// The answers to what was asked.
    pub(crate) answers: Option<InputResponses>,
    /// What was given along with the questions.
    pub(crate) state: Option<String>,
    /// What the client can be asked.
    pub(crate) client: ClientCapabilities,
    /// What states are sealed with.
    pub(crate) seal: &'a Seal,
}

impl Round<'_> {
    /// Runs a tool. None: it isn't one of these.
    pub(crate) fn run(&self, tool: &str) -> Option<Result<CallToolResponse, ErrorData>> {
        Some(match tool.strip_prefix("test_input_required_result_") {
            Some("elicitation") => self.ask(&[("user_name", name())], None),
            Some("sampling") => self.ask(&[("capital_question", sampling(json!("What is the capital of France?"), 100))], None),
            Some("list_roots") => self.ask(&[("client_roots", roots())], None),
            Some("request_state" | "tampered_state") => self.ask(&[("confirm", confirmation())], Some("state-ok")),
            Some("multiple_inputs") => {
                let greeting = sampling(json!("Generate a greeting"), 50);
                self.ask(&[("user_name", name()), ("greeting", greeting), ("client_roots", roots())], Some("all-asked"))
            }
            Some("multi_round") => self.two_rounds(),
            Some("capabilities") => self.what_can_be_asked(),
            Some(_) => return None,
            None => match tool {
                "test_streaming_elicitation" => self.ask(&[("user_name", name())], None),
                "test_missing_capability" => self.needs_sampling(),
                _ => return None,
            },
        })
    }

    /// The prompt that needs an answer first: the questions, or nothing if they are answered.
    pub(crate) fn prompt(&self) -> Result<Option<InputRequiredResult>, ErrorData> {
        let question =
            elicitation(json!("What context should the prompt use?"), json!({"context": {"type": "string"}}), &["context"]);
        if self.answered("user_context") { Ok(None) } else { self.questions(&[("user_context", question)], None).map(Some) }
    }

    /// Asks until everything is answered; with a state, only answers that come with it count.
    fn ask(&self, questions: &[(&str, Value)], state: Option<&str>) -> Result<CallToolResponse, ErrorData> {
        let opened = self.opened()?;
        if questions.iter().all(|(name, _)| self.answered(name)) && opened == state {
            let answers = serde_json::to_string(&self.answers).unwrap_or_default();
            return Ok(done(format!("{} {answers}", state.unwrap_or("answered"))));
        }
        Ok(self.questions(questions, state)?.into())
    }

    fn two_rounds(&self) -> Result<CallToolResponse, ErrorData> {
        let colour = elicitation(json!("Step 2: What is your favorite color?"), json!({"color": {"type": "string"}}), &["color"]);
        let questions = match self.opened()? {
            Some("step 2") if self.answered("step2") => return Ok(done("both steps are answered".to_owned())),
            Some("step 1") if self.answered("step1") => self.questions(&[("step2", colour)], Some("step 2")),
            _ => self.questions(&[("step1", name())], Some("step 1")),
        };
        Ok(questions?.into())
    }

    fn what_can_be_asked(&self) -> Result<CallToolResponse, ErrorData> {
        let capabilities = serde_json::to_value(&self.client).unwrap_or_default();
        let all = [("elicitation", name()), ("sampling", sampling(json!("Say something"), 50)), ("roots", roots())];
        let possible: Vec<(&str, Value)> = all.into_iter().filter(|(kind, _)| capabilities.get(kind).is_some()).collect();
        if possible.is_empty() {
            return Ok(done("this client can't be asked anything".to_owned()));
        }
        self.ask(&possible, None)
    }

    fn needs_sampling(&self) -> Result<CallToolResponse, ErrorData> {
        let capabilities = serde_json::to_value(&self.client).unwrap_or_default();
        if capabilities.get("sampling").is_none() {
            return Err(ErrorData::missing_required_client_capability(made(json!({"sampling": {}}))?));
        }
        Ok(done("the client can sample".to_owned()))
    }

    /// An answer counts if it is an object, as each kind of answer is.
    fn answered(&self, name: &str) -> bool {
        self.answers.as_ref().and_then(|answers| answers.get(name)).is_some_and(Value::is_object)
    }

    /// The state that the call brought, whose seal must be ours.
    fn opened(&self) -> Result<Option<&str>, ErrorData> {
        match &self.state {
            None => Ok(None),
            Some(sealed) => match self.seal.open(sealed) {
                Some(words) => Ok(Some(words)),
                None => Err(ErrorData::invalid_params("the request's state isn't one that was given", None)),
            },
        }
    }

    fn questions(&self, questions: &[(&str, Value)], state: Option<&str>) -> Result<InputRequiredResult, ErrorData> {
        let questions: InputRequests =
            made(Value::Object(questions.iter().map(|(name, question)| ((*name).to_owned(), question.clone())).collect()))?;
        Ok(InputRequiredResult::new(Some(questions), state.map(|words| self.seal.put(words))))
    }
}

fn done(words: String) -> CallToolResponse {
    CallToolResult::success(vec![ContentBlock::text(words)]).into()
}

fn name() -> Value {
    elicitation(json!("What is your name?"), json!({"name": {"type": "string"}}), &["name"])
}

fn confirmation() -> Value {
    elicitation(json!("Please confirm"), json!({"ok": {"type": "boolean"}}), &["ok"])
}

fn roots() -> Value {
    json!({"method": "roots/list"})
}
