//! The commands that look at configurations, and the forms of other servers with real databases behind them.

mod aws_secrets;
mod check;
mod forms;
mod secrets;
mod show;
