//! An open result: its rows, batch by batch, and the result sets after it.
//!
//! All of an answer is on its way from the start; a result that isn't read to its end is stopped by an attention. Statements that
//! return no rows and say how many they changed make a result without columns: those that follow each other make one.

use super::{Fault, Session};
use crate::decode;
use crate::protocol::{Codec, ColumnMeta, Scalar, Shape, Stop, Token, tag};
use crate::wire::Wire;
use bulkhead_driver::{Batch, BatchBuilder, Column, Completion, Error, ErrorKind, Layout, QueryOptions};

/// Rows that can't be wider than this, if the server keeps to its types, aren't measured before they are read.
const NARROW: usize = 8 << 10;

/// Some of a result.
#[derive(Debug, Default)]
pub struct Part {
    /// Rows, if there were any.
    pub batch: Option<Batch>,
    /// The end, if it was reached.
    pub done: Option<Completion>,
    /// The result set after it.
    pub next: Option<Next>,
}

/// A result set that is open, not read yet.
#[derive(Debug, Clone)]
pub struct Next {
    /// Its number.
    pub run: u64,
    /// Its columns.
    pub columns: Vec<Column>,
}

#[derive(Debug)]
pub(super) struct Run {
    pub(super) id: u64,
    /// Until they are given to the caller.
    columns: Vec<Column>,
    has_rows: bool,
    builder: BatchBuilder,
    /// A row is at most so wide, if that is known and little.
    widest: Option<usize>,
    /// Rows that the caller still takes.
    left: Option<u64>,
    most: Option<u64>,
    affected: Option<u64>,
    /// The statement's end has come.
    ended: bool,
}

/// Why the rows paused.
enum Pause {
    /// The batch is full.
    Full,
    /// The statement is at its end.
    End,
    /// The caller takes no more.
    Enough,
}

impl Run {
    fn new(id: u64, columns: Vec<ColumnMeta>, most: Option<u64>) -> Self {
        let codecs = columns.iter().map(|column| column.kind.codec);
        let layouts: Vec<Layout> = codecs.clone().map(|codec| layout(codec.scalar)).collect();
        let widest = codecs.map(width).try_fold(0_usize, |sum, width| Some(sum + width?));
        Self {
            id,
            builder: BatchBuilder::new(layouts),
            widest: widest.map(|widest| widest + columns.len()).filter(|widest| *widest <= NARROW),
            has_rows: !columns.is_empty(),
            columns: columns.into_iter().map(described).collect(),
            left: most,
            most,
            affected: None,
            ended: false,
        }
    }

    pub(super) fn take_columns(&mut self) -> Vec<Column> {
        std::mem::take(&mut self.columns)
    }
}

/// How a column of such values is laid out.
fn layout(scalar: Scalar) -> Layout {
    if scalar == Scalar::Variant { Layout::Mixed } else { Layout::of(scalar.kind()) }
}

/// The bytes of a value on the wire, with its length, at most. None: many.
fn width(codec: Codec) -> Option<usize> {
    match (codec.shape, codec.scalar) {
        (Shape::Fixed(size), _) => Some(size),
        (Shape::Byte, _) => Some(1 + 17),
        (Shape::Short(most), _) => Some(2 + usize::from(most)),
        _ => None,
    }
}

fn described(column: ColumnMeta) -> Column {
    Column { name: column.name, kind: column.kind.kind(), native_type: column.kind.name, nullable: column.nullable }
}

impl<W: Wire> Session<W> {
    /// More of the open result.
    ///
    /// # Errors
    /// If it isn't open any more, or the statement fails on the way.
    pub fn next_part(&mut self, run: u64, rows: u32, bytes: u32) -> Result<Part, Error> {
        if self.run.as_ref().is_none_or(|open| open.id != run) {
            return Err(Error::new(ErrorKind::Internal, "the cursor was closed by another call on its connection"));
        }
        self.fetch(rows, bytes).map_err(|fault| self.settle(fault))
    }

    /// Stops the open result, if it is this one.
    ///
    /// # Errors
    /// If the connection is lost on the way.
    pub fn close_part(&mut self, run: u64) -> Result<(), Error> {
        if self.run.as_ref().is_none_or(|open| open.id != run) {
            return Ok(());
        }
        self.finish_run().map_err(|fault| self.settle(fault))
    }

    /// Reads to the first result.
    pub(super) fn first(&mut self, options: &QueryOptions) -> Result<Run, Fault> {
        let mut none = self.new_run(Vec::new(), options.max_rows);
        // What comes before it belongs to it.
        Ok(match self.after(&mut none)? {
            Some(run) if none.affected.is_none() => run,
            Some(run) => {
                // A statement without rows came first: its end is known, and so is what follows.
                none.ended = true;
                self.waiting = Some(run);
                none
            }
            None => {
                none.ended = true;
                none
            }
        })
    }

    fn new_run(&mut self, columns: Vec<ColumnMeta>, most: Option<u64>) -> Run {
        self.runs += 1;
        Run::new(self.runs, columns, most)
    }

    /// Rows up to the limits, and the end if it is reached.
    pub(super) fn fetch(&mut self, rows: u32, bytes: u32) -> Result<Part, Fault> {
        let Some(mut run) = self.run.take() else {
            return Ok(Part::default());
        };
        let paused = match self.collect(&mut run, rows, usize::try_from(bytes).unwrap_or(usize::MAX)) {
            Ok(paused) => paused,
            Err(fault) => {
                // Settling needs to know that it is open.
                self.run = Some(run);
                return Err(fault);
            }
        };
        let batch = if run.builder.is_empty() { None } else { Some(run.builder.finish().map_err(Error::from)?) };
        match paused {
            Pause::Full => {
                self.run = Some(run);
                Ok(Part { batch, ..Part::default() })
            }
            Pause::End => {
                let after = match self.waiting.take() {
                    Some(run) => Some(run),
                    None if run.ended && !run.has_rows => None,
                    None => self.after(&mut run)?,
                };
                self.end(batch, run.affected, after)
            }
            Pause::Enough => {
                self.stop()?;
                self.end(batch, None, None)
            }
        }
    }

    fn end(&mut self, batch: Option<Batch>, rows_affected: Option<u64>, mut after: Option<Run>) -> Result<Part, Fault> {
        let mut outputs = Vec::new();
        if after.is_none() {
            self.unwrap_transaction()?;
            outputs = std::mem::take(&mut self.outputs);
        }
        let next = after.as_mut().map(|run| Next { run: run.id, columns: run.take_columns() });
        self.run = after;
        let notices = std::mem::take(&mut self.notices);
        let done = Completion { rows_affected, command_tag: None, notices, outputs, next: None };
        Ok(Part { batch, done: Some(done), next })
    }

    fn collect(&mut self, run: &mut Run, rows: u32, bytes: usize) -> Result<Pause, Fault> {
        if !run.has_rows || run.ended {
            return Ok(Pause::End);
        }
        loop {
            if run.left == Some(0) {
                return Ok(Pause::Enough);
            }
            if self.rows_at_hand(run, rows, bytes)? {
                return Ok(Pause::Full);
            }
            if run.left == Some(0) {
                continue;
            }
            match self.next()? {
                Some(Token::Row(_)) => {}
                Some(Token::Done(done)) => {
                    run.affected = done.count();
                    run.ended = true;
                    return Ok(Pause::End);
                }
                Some(Token::Error(message)) => return Err(Fault::Server(message)),
                _ => return Err(Self::unexpected()),
            }
        }
    }

    /// Decodes the rows that have come. True if the batch is full.
    fn rows_at_hand(&mut self, run: &mut Run, rows: u32, bytes: usize) -> Result<bool, Fault> {
        let most = self.options.max_row_bytes;
        loop {
            let rest = self.link.inbox.rest();
            let bitmap = match rest.first() {
                Some(&tag::ROW) => false,
                Some(&tag::NBC_ROW) => true,
                _ => return Ok(false),
            };
            let body = rest.get(1..).unwrap_or_default();
            let size = match run.widest {
                Some(widest) if body.len() > widest => widest,
                _ => match decode::size(body, bitmap, &self.codecs) {
                    Ok(size) => size,
                    Err(Stop::Malformed(malformed)) => return Err(malformed.into()),
                    Err(Stop::Short) if body.len() > most => return Err(self.oversized().into()),
                    Err(Stop::Short) => {
                        self.link.more()?;
                        continue;
                    }
                },
            };
            let have = run.builder.rows();
            if have >= rows || have > 0 && run.builder.bytes().saturating_add(size) > bytes {
                return Ok(true);
            }
            let size = decode::row(body, bitmap, &self.codecs, &mut run.builder).map_err(Stop::at_end)?;
            self.link.inbox.advance(size + 1);
            if let Some(left) = &mut run.left {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    return Ok(false);
                }
            }
        }
    }

    /// Reads on from a result's end to the next result. None: the answer is at its end.
    fn after(&mut self, run: &mut Run) -> Result<Option<Run>, Fault> {
        loop {
            match self.next()? {
                None => return Ok(None),
                Some(Token::Columns(columns)) if columns.is_empty() => {}
                Some(Token::Columns(columns)) => return Ok(Some(self.new_run(columns, run.most))),
                Some(Token::Done(done)) => {
                    let Some(count) = done.count() else { continue };
                    if !run.has_rows {
                        run.affected = Some(run.affected.unwrap_or(0).saturating_add(count));
                        continue;
                    }
                    let mut none = self.new_run(Vec::new(), run.most);
                    none.affected = Some(count);
                    return Ok(Some(none));
                }
                Some(Token::Error(message)) => return Err(Fault::Server(message)),
                Some(_) => return Err(Self::unexpected()),
            }
        }
    }

    /// Stops what is open and leaves the connection ready. An error of the statement's on the way is nobody's any more.
    pub(super) fn finish_run(&mut self) -> Result<(), Fault> {
        self.waiting = None;
        if self.run.take().is_none() {
            return Ok(());
        }
        self.stop()?;
        self.unwrap_transaction()
    }
}
