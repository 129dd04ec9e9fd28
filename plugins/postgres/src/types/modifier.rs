//! A type's modifier, as it is written in parentheses.

/// What varchar, bpchar and numeric add to theirs.
const HEADER: i32 = 4;
/// An interval with all the precision there is.
const FULL_PRECISION: i32 = 0xffff;
/// An interval of all fields.
const ALL_FIELDS: i32 = 0x7fff;

/// `(10,2)`, or nothing.
pub(super) fn spell(name: &str, modifier: i32) -> String {
    if modifier < 0 {
        return String::new();
    }
    match name {
        "numeric" => numeric(modifier.saturating_sub(HEADER)),
        "varchar" | "bpchar" => format!("({})", modifier.saturating_sub(HEADER)),
        "time" | "timetz" | "timestamp" | "timestamptz" | "bit" | "varbit" => {
            format!("({modifier})")
        }
        "interval" => interval(modifier),
        _ => String::new(),
    }
}

fn numeric(packed: i32) -> String {
    let precision = (packed >> 16) & 0xffff;
    // Eleven bits with a sign, since PostgreSQL 15; what older servers write reads the same.
    let scale = ((packed & 0x7ff) ^ 1024) - 1024;
    format!("({precision},{scale})")
}

/// Which fields, and how many digits of a second (`utils/timestamp.h`, `INTERVAL_TYPMOD`).
fn interval(modifier: i32) -> String {
    let fields = match (modifier >> 16) & ALL_FIELDS {
        0x0004 => " year",
        0x0002 => " month",
        0x0008 => " day",
        0x0400 => " hour",
        0x0800 => " minute",
        0x1000 => " second",
        0x0006 => " year to month",
        0x0408 => " day to hour",
        0x0c08 => " day to minute",
        0x1c08 => " day to second",
        0x0c00 => " hour to minute",
        0x1c00 => " hour to second",
        0x1800 => " minute to second",
        _ => "",
    };
    match modifier & FULL_PRECISION {
        FULL_PRECISION => fields.to_owned(),
        precision => format!("{fields}({precision})"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        assert_eq!(spell("numeric", ((5 << 16) | (0x7ff & -2_i32)) + 4), "(5,-2)");
        assert_eq!(spell("timestamptz", 3), "(3)");
        assert_eq!(spell("interval", (ALL_FIELDS << 16) | 2), "(2)");
        assert_eq!(spell("interval", (6 << 16) | FULL_PRECISION), " year to month");
        assert_eq!(spell("int4", 7), "");
        assert_eq!(spell("numeric", -1), "");
    }
}
