//! The SQL Server driver through the whole host.

mod handshakes;
