//! T-SQL: words, trees, and SQLite's SQL made of them.

pub(crate) mod ast;
pub(crate) mod builtin;
pub(crate) mod casts;
pub(crate) mod compile;
pub(crate) mod emit;
pub(crate) mod expressions;
pub(crate) mod lexer;
pub(crate) mod parser;
pub(crate) mod queries;
pub(crate) mod scope;
pub(crate) mod statements;
pub(crate) mod tables;
