//! What is linked to a driver: the contract, and an empty WASI. What isn't linked can't be reached.

use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

use crate::config::Grant;
use crate::contract::{call, files, log, secrets, secrets_reveal, transport, types};
use crate::state::State;

/// A linker with all that the grants allow.
pub(super) fn linker(engine: &Engine, grants: &[Grant]) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::<State>::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    types::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    transport::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    secrets::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    files::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    call::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    log::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    if grants.contains(&Grant::RevealSecrets) {
        secrets_reveal::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    }
    if grants.contains(&Grant::SignedHttp) {
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    }
    Ok(linker)
}

impl types::Host for State {}
