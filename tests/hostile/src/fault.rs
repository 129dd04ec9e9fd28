//! The words of the option `fault`, and where each is let loose.

use serde::Deserialize;

/// What `connect` takes; anything else is refused, as the manifest says.
pub(crate) const OPTIONS_SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "fault": { "type": "string" },
    "at": { "type": "string" },
    "target": { "type": "string" },
    "only": { "type": "string" }
  }
}"#;

/// The options of one connection.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// None: healthy.
    pub(crate) fault: Option<Fault>,
    /// The contract's function that misbehaves.
    #[serde(default)]
    pub(crate) at: At,
    /// What the fault aims at: an endpoint.
    #[serde(default)]
    pub(crate) target: String,
    /// In `query`: only for statements that hold this text.
    #[serde(default)]
    pub(crate) only: String,
}

/// The contract's functions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum At {
    Connect,
    #[default]
    Query,
    Next,
    Columns,
    CursorClose,
    Describe,
    Begin,
    Commit,
    Rollback,
    Explain,
    Ping,
    Reset,
    Close,
    Drop,
}

/// Every way to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fault {
    // What never comes back, or not by itself (`abuse`).
    Spin,
    Allocate,
    AllocateSmall,
    Recurse,
    Panic,
    Unreachable,
    OutOfBounds,
    DivideByZero,
    Exit,
    Sleep,
    SleepByClock,
    WaitDeaf,
    // What asks the host for too much (`abuse`).
    HugeError,
    ErrorWithControlCharacters,
    NonsenseError,
    LogFlood,
    LogHuge,
    LogInjection,
    StdoutFlood,
    StderrFlood,
    RandomFlood,
    HandleFlood,
    CursorFlood,
    // What looks where it has no business (`abuse`).
    ReadEnvironment,
    ReadArguments,
    // Streams (`network`).
    DialUnknown,
    DialFlood,
    PlaintextOverTls,
    HugeRead,
    StealPassword,
    // Batches that lie (`batches`).
    MoreRowsThanAsked,
    MoreBytesThanAsked,
    RowsLieHigh,
    RowsLieLow,
    RowsWithoutColumns,
    OffsetsDescending,
    OffsetsPastEnd,
    OffsetsTooFew,
    OffsetsTooMany,
    OffsetsEmpty,
    OffsetsNotFromZero,
    OffsetsStopShort,
    InvalidUtf8,
    SplitUtf8,
    ShortColumn,
    LongColumn,
    ShortBitmap,
    LongBitmap,
    EmptyBitmap,
    ShortBooleans,
    WrongKind,
    MissingColumn,
    SurplusColumn,
    MillionColumns,
    HugeColumnName,
    MixedBadTag,
    MixedEmpty,
    MixedBadInteger,
    MixedBadUtf8,
    InvalidJson,
    InvalidDecimal,
    InvalidUuid,
    // Cursors that lie (`cursor`).
    EndlessRows,
    EndlessEmptyBatches,
    EndlessResultSets,
    DoneAndRest,
    NeitherDoneNorRest,
    MillionNotices,
    HugeTag,
    // Descriptions that lie (`healthy`).
    EndlessTables,
    // Memory that outlives its caller (`memory`).
    RememberCallers,
    DumpMemory,
}

impl Options {
    /// The fault, if this is where it is to be let loose.
    pub(crate) fn fault_at(&self, here: At) -> Option<Fault> {
        self.fault.filter(|_| self.at == here)
    }
}
