//! `call`: whether the call in hand should end, for drivers without a stream.

use std::time::Duration;

use crate::contract::call::{self, Interruption};
use crate::state::State;

impl call::Host for State {
    async fn interrupted(&mut self) -> wasmtime::Result<Option<Interruption>> {
        Ok(self.signal.raised())
    }

    async fn wait(&mut self, milliseconds: u32) -> wasmtime::Result<Option<Interruption>> {
        let signal = self.signal.clone();
        let time = Duration::from_millis(u64::from(milliseconds));
        Ok(tokio::time::timeout(time, signal.wait()).await.ok())
    }
}
