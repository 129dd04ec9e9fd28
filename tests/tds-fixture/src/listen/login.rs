//! Whether a login is let in, and what it is told.

use crate::config::{Port, Route, Token, User};
use crate::error::SqlError;
use crate::server::Server;
use crate::tds::login::Login;
use crate::tds::reply::{Done, Reply};

pub(crate) enum Outcome {
    In { user: User, database: String, packet_size: u32 },
    Elsewhere(Route),
    Refused(SqlError),
}

/// The limits of a packet's size (2.2.6.4), and what no wish gets.
const PACKET_SIZES: std::ops::RangeInclusive<u32> = 512..=32_767;
const USUAL_PACKET_SIZE: u32 = 4096;

/// The version of TDS 8.0, and of what is its equal before: the newest that is spoken.
const TDS_8: u32 = 0x0800_0000;
const TDS_7_4: u32 = 0x7400_0004;

/// Decides. Who is sent elsewhere is let in there. `token` is the access token, wherever it came from.
pub(crate) fn decide(server: &Server, port: Port, login: &Login, token: Option<&str>) -> Outcome {
    let refused = |state: u8| {
        let message = format!("Login failed for user '{}'.", login.user);
        Outcome::Refused(SqlError::new(18_456, 14, message).state(state))
    };
    if login.integrated {
        return Outcome::Refused(SqlError::new(
            18_452,
            14,
            "Login failed. The login is from an untrusted domain and cannot be used with Integrated authentication.",
        ));
    }
    let user = match token {
        Some(token) => {
            let found = server.config.tokens.iter().find(|known: &&Token| known.token == token);
            let found = found.and_then(|found| server.user(&found.user));
            let Some(found) = found else {
                return Outcome::Refused(SqlError::new(18_456, 14, "Login failed for user '<token-identified principal>'."));
            };
            found
        }
        None => match server.user(&login.user) {
            Some(user) if user.password == login.password && !user.password.is_empty() => user,
            Some(_) => return refused(8),
            None => return refused(5),
        },
    };
    if let Some(route) = user.route.as_ref().filter(|route| route.port != port.port) {
        return Outcome::Elsewhere(route.clone());
    }
    let wanted = if login.database.is_empty() { &user.database } else { &login.database };
    let closed = user.closed.iter().any(|closed| closed.eq_ignore_ascii_case(wanted));
    let found = server.databases().into_iter().find(|known| known.eq_ignore_ascii_case(wanted)).filter(|_| !closed);
    let Some(database) = found else {
        let message = format!("Cannot open database \"{wanted}\" requested by the login. The login failed.");
        return Outcome::Refused(SqlError::new(4060, 11, message));
    };
    let packet_size = match login.packet_size {
        0 => USUAL_PACKET_SIZE,
        wish => wish.clamp(*PACKET_SIZES.start(), *PACKET_SIZES.end()),
    };
    Outcome::In { user, database, packet_size }
}

/// The version that both sides speak.
pub(crate) fn version(login: &Login) -> u32 {
    if login.tds_version == TDS_8 { TDS_8 } else { login.tds_version.min(TDS_7_4) }
}

/// What a client that is let in is told.
pub(crate) fn welcome(reply: &mut Reply, login: &Login, database: &str, packet_size: u32) -> Result<(), SqlError> {
    let note = |reply: &mut Reply, number: i32, text: String| {
        let mut message = SqlError::new(number, 0, text).state(if number == 5701 { 2 } else { 1 });
        message.line = 1;
        reply.message(&message)
    };
    reply.changed_text(1, database, "master")?;
    note(reply, 5701, format!("Changed database context to '{database}'."))?;
    reply.collation()?;
    reply.changed_text(2, "us_english", "")?;
    note(reply, 5703, "Changed language setting to us_english.".to_owned())?;
    reply.login_ack(version(login))?;
    reply.changed_text(4, &packet_size.to_string(), "4096")?;
    if !login.acknowledged.is_empty() {
        reply.feature_ack(&login.acknowledged)?;
    }
    reply.done(Done::Statement, 0, None, 0)?;
    reply.finish()?;
    reply.size = packet_size as usize;
    reply.features = login.features;
    reply.tds_version = if login.tds_version == TDS_8 { TDS_7_4 } else { version(login) };
    Ok(())
}

/// What one that is sent elsewhere is told.
pub(crate) fn send_elsewhere(reply: &mut Reply, login: &Login, route: &Route) -> Result<(), SqlError> {
    reply.login_ack(version(login))?;
    reply.routed(&route.host, route.port)?;
    reply.done(Done::Statement, 0, None, 0)?;
    reply.finish()
}

/// What one that isn't is told.
pub(crate) fn refuse(reply: &mut Reply, error: &SqlError) -> Result<(), SqlError> {
    let mut error = error.clone();
    error.line = 1;
    reply.message(&error)?;
    reply.statement_done(Done::Statement, true, false, None, 0)?;
    reply.finish()
}
