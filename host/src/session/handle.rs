//! Handles: names that can't be guessed.

use ring::rand::{SecureRandom, SystemRandom};

use crate::contract::ErrorKind;
use crate::error::CallError;

/// 160 bits: whoever has the handle may use what it stands for, if they are the caller that it was given to.
const BYTES: usize = 20;

/// A new handle, of what kind it is at its front.
pub(crate) fn fresh(kind: &str) -> Result<String, CallError> {
    let mut bytes = [0_u8; BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| CallError::new(ErrorKind::Internal, "the system gave no random bytes for a handle"))?;
    let mut handle = format!("{kind}-");
    for byte in bytes {
        handle.push_str(&format!("{byte:02x}"));
    }
    Ok(handle)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn handles_differ_in_all_their_bytes() {
        let handles: Vec<String> = (0..64).map(|_| fresh("session").unwrap()).collect();
        assert!(handles.iter().all(|handle| handle.len() == "session-".len() + 2 * BYTES));
        for at in 0..BYTES {
            let digits = |handle: &String| handle["session-".len() + 2 * at..][..2].to_owned();
            let different: std::collections::HashSet<String> = handles.iter().map(digits).collect();
            assert!(different.len() > 32, "byte {at} is nearly always the same");
        }
    }
}
