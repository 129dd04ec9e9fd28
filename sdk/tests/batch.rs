//! Every batch that can be built obeys the layout rules of `wit/types.wit`, and holds what was pushed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use bulkhead_driver::{Batch, BatchBuilder, BatchError, Layout, Values, Varying};
use proptest::prelude::*;

#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
}

fn cell(layout: Layout) -> BoxedStrategy<Cell> {
    let value = match layout {
        Layout::Booleans => any::<bool>().prop_map(Cell::Bool).boxed(),
        Layout::Int64s => any::<i64>().prop_map(Cell::Int).boxed(),
        Layout::Float64s => any::<f64>().prop_map(Cell::Float).boxed(),
        Layout::Text => any::<String>().prop_map(Cell::Text).boxed(),
        Layout::Bytes => any::<Vec<u8>>().prop_map(Cell::Bytes).boxed(),
        Layout::Mixed => prop_oneof![
            any::<i64>().prop_map(Cell::Int),
            any::<f64>().prop_map(Cell::Float),
            any::<String>().prop_map(Cell::Text),
            any::<Vec<u8>>().prop_map(Cell::Bytes),
        ]
        .boxed(),
    };
    prop_oneof![1 => Just(Cell::Null), 3 => value].boxed()
}

fn layout() -> impl Strategy<Value = Layout> {
    prop::sample::select(vec![Layout::Booleans, Layout::Int64s, Layout::Float64s, Layout::Text, Layout::Bytes, Layout::Mixed])
}

/// A table: its layouts and its rows.
fn table() -> impl Strategy<Value = (Vec<Layout>, Vec<Vec<Cell>>)> {
    prop::collection::vec(layout(), 0..6).prop_flat_map(|layouts| {
        let row: Vec<_> = layouts.iter().map(|layout| cell(*layout)).collect();
        (Just(layouts), prop::collection::vec(row, 0..40))
    })
}

fn push(builder: &mut BatchBuilder, row: &[Cell]) {
    for (column, cell) in builder.columns_mut().iter_mut().zip(row) {
        match cell {
            Cell::Null => column.push_null(),
            Cell::Bool(value) => column.push_bool(*value),
            Cell::Int(value) => column.push_int64(*value),
            Cell::Float(value) => column.push_float64(*value),
            Cell::Text(value) => column.push_text(value),
            Cell::Bytes(value) => column.push_bytes(value),
        }
    }
    builder.end_row();
}

/// The rules, as `wit/types.wit` writes them.
fn check(batch: &Batch, layouts: &[Layout]) {
    let rows = batch.rows as usize;
    assert_eq!(batch.columns.len(), layouts.len());
    for (column, layout) in batch.columns.iter().zip(layouts) {
        if let Some(validity) = &column.validity {
            assert_eq!(validity.len(), rows.div_ceil(8));
        }
        match (&column.values, layout) {
            (Values::Booleans(bits), Layout::Booleans) => assert_eq!(bits.len(), rows.div_ceil(8)),
            (Values::Int64s(values), Layout::Int64s) => assert_eq!(values.len(), rows),
            (Values::Float64s(values), Layout::Float64s) => assert_eq!(values.len(), rows),
            (Values::Varying(varying), Layout::Text | Layout::Bytes) | (Values::Mixed(varying), Layout::Mixed) => {
                assert_eq!(varying.offsets.len(), rows + 1);
                assert_eq!(varying.offsets[0], 0);
                assert!(varying.offsets.windows(2).all(|pair| pair[0] <= pair[1]));
                assert_eq!(*varying.offsets.last().unwrap() as usize, varying.data.len());
                if *layout == Layout::Text {
                    (0..rows).for_each(|row| assert!(std::str::from_utf8(slice(varying, row)).is_ok()));
                }
            }
            (values, layout) => panic!("{values:?} for {layout:?}"),
        }
    }
}

fn slice(varying: &Varying, row: usize) -> &[u8] {
    &varying.data[varying.offsets[row] as usize..varying.offsets[row + 1] as usize]
}

fn read(batch: &Batch, column: usize, row: usize, layout: Layout) -> Cell {
    let data = &batch.columns[column];
    let bit = |bits: &[u8]| bits[row / 8] >> (row % 8) & 1 == 1;
    if data.validity.as_ref().is_some_and(|validity| !bit(validity)) {
        if let Values::Varying(varying) | Values::Mixed(varying) = &data.values {
            assert!(slice(varying, row).is_empty(), "a NULL has length 0");
        }
        return Cell::Null;
    }
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    match &data.values {
        Values::Booleans(bits) => Cell::Bool(bit(bits)),
        Values::Int64s(values) => Cell::Int(values[row]),
        Values::Float64s(values) => Cell::Float(values[row]),
        Values::Varying(varying) if layout == Layout::Text => Cell::Text(text(slice(varying, row))),
        Values::Varying(varying) => Cell::Bytes(slice(varying, row).to_vec()),
        Values::Mixed(varying) => {
            let (tag, value) = slice(varying, row).split_first().unwrap();
            match tag {
                b'i' => Cell::Int(text(value).parse().unwrap()),
                b'f' => Cell::Float(text(value).parse().unwrap()),
                b't' => Cell::Text(text(value)),
                b'x' => Cell::Bytes(value.to_vec()),
                other => panic!("tag {other}"),
            }
        }
    }
}

fn same(left: &Cell, right: &Cell) -> bool {
    matches!((left, right), (Cell::Float(a), Cell::Float(b)) if a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan())
        || left == right
}

proptest! {
    #[test]
    fn batches_are_well_formed_and_hold_what_was_pushed((layouts, rows) in table(), cut in 0_usize..40) {
        let mut builder = BatchBuilder::new(layouts.iter().copied());
        let cut = cut.min(rows.len());
        // Two batches from one builder: nothing of the first shows in the second.
        for part in [&rows[..cut], &rows[cut..]] {
            part.iter().for_each(|row| push(&mut builder, row));
            let batch = builder.finish().unwrap();
            prop_assert_eq!(batch.rows as usize, part.len());
            check(&batch, &layouts);
            for (at, row) in part.iter().enumerate() {
                for (column, cell) in row.iter().enumerate() {
                    let read = read(&batch, column, at, layouts[column]);
                    prop_assert!(same(&read, cell), "{:?} became {:?}", cell, read);
                }
            }
        }
    }

    #[test]
    fn raw_bytes_become_text_only_if_each_value_is_utf8(values in prop::collection::vec(any::<Vec<u8>>(), 1..8)) {
        let mut builder = BatchBuilder::new([Layout::Text]);
        for value in &values {
            builder.columns_mut()[0].push_utf8(value);
            builder.end_row();
        }
        let valid = values.iter().all(|value| std::str::from_utf8(value).is_ok());
        prop_assert_eq!(builder.finish().is_ok(), valid);
        prop_assert!(builder.finish().is_ok(), "a failed batch leaves nothing behind");
    }
}

#[test]
fn a_character_cut_in_two_is_not_text() {
    let mut builder = BatchBuilder::new([Layout::Text]);
    for half in "é".as_bytes().chunks(1) {
        builder.columns_mut()[0].push_utf8(half);
        builder.end_row();
    }
    assert!(matches!(builder.finish(), Err(BatchError::NotUtf8 { column: 0 })));
}

#[test]
fn a_value_of_another_layout_is_an_error() {
    let mut builder = BatchBuilder::new([Layout::Int64s]);
    builder.columns_mut()[0].push_text("1");
    builder.end_row();
    assert!(matches!(builder.finish(), Err(BatchError::WrongLayout { column: 0 })));
}

#[test]
fn a_short_column_is_an_error() {
    let mut builder = BatchBuilder::new([Layout::Int64s, Layout::Text]);
    builder.columns_mut()[0].push_int64(1);
    builder.end_row();
    assert!(matches!(builder.finish(), Err(BatchError::Ragged { column: 1, values: 0, rows: 1 })));
}

#[test]
fn a_value_whose_writing_fails_is_a_null() {
    let mut builder = BatchBuilder::new([Layout::Text]);
    let written = builder.columns_mut()[0].push_with(|buffer| {
        buffer.extend_text("half");
        Err("no more")
    });
    assert_eq!(written, Err("no more"));
    builder.end_row();
    let batch = builder.finish().unwrap();
    assert_eq!(batch.columns[0].validity, Some(vec![0]));
}
