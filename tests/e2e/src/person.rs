//! A client with a person who answers questions and sees progress.

use std::sync::{Arc, Mutex};

use rmcp::model::{
    ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction, Implementation,
    ProgressNotificationParam,
};
use rmcp::service::{NotificationContext, RequestContext};
use rmcp::{ClientHandler, ErrorData, RoleClient};

/// What the person says, and what they were asked and told.
#[derive(Debug, Clone)]
pub struct Person {
    says: ElicitationAction,
    can_be_asked: bool,
    asked: Arc<Mutex<Vec<String>>>,
    told: Arc<Mutex<Vec<(f64, String)>>>,
}

impl Person {
    /// Says this to every question.
    #[must_use]
    pub fn says(says: ElicitationAction) -> Person {
        Person { says, can_be_asked: true, asked: Arc::default(), told: Arc::default() }
    }

    /// Whose client can't ask.
    #[must_use]
    pub fn absent() -> Person {
        Person { can_be_asked: false, ..Person::says(ElicitationAction::Accept) }
    }

    /// The questions so far.
    ///
    /// # Panics
    /// If a test's thread panicked while asking.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("questions").clone()
    }

    /// The progress so far: how much, and in words.
    ///
    /// # Panics
    /// As `asked`.
    #[must_use]
    pub fn told(&self) -> Vec<(f64, String)> {
        self.told.lock().expect("progress").clone()
    }
}

impl ClientHandler for Person {
    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        if let ElicitRequestParams::FormElicitationParams { message, .. } = request {
            self.asked.lock().expect("questions").push(message);
        }
        Ok(ElicitResult::new(self.says.clone()))
    }

    async fn on_progress(&self, params: ProgressNotificationParam, _context: NotificationContext<RoleClient>) {
        self.told.lock().expect("progress").push((params.progress, params.message.unwrap_or_default()));
    }

    fn get_info(&self) -> ClientConfig {
        let capabilities = if self.can_be_asked {
            ClientCapabilities::builder().enable_elicitation().build()
        } else {
            ClientCapabilities::default()
        };
        ClientConfig::new(capabilities, Implementation::new("person", "1"))
    }
}
