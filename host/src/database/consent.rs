//! Whether a person agreed to a write, where a database asks for that.

/// A person's word on what a statement changes. The database refuses a write that needs one and comes without, so what forgets to
/// ask fails closed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Consent(bool);

impl Consent {
    /// Nobody was asked.
    pub const NONE: Consent = Consent(false);

    /// They were shown the statement and said yes; or typed it themselves.
    #[must_use]
    pub fn given() -> Consent {
        Consent(true)
    }

    /// Whether they said yes.
    #[must_use]
    pub fn is_given(self) -> bool {
        self.0
    }
}
