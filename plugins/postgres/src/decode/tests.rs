//! Spellings, with what `psql` prints for the same bytes.

use super::*;
use bulkhead_driver::{Layout, Values};
use proptest::prelude::*;

/// The text that a column of this codec holds for these bytes.
fn text(codec: &Codec, bytes: &[u8]) -> Result<String, Malformed> {
    let mut batch = BatchBuilder::new([Layout::of(codec.kind())]);
    value(codec, bytes, &mut batch.columns_mut()[0])?;
    batch.end_row();
    match batch.finish().map_err(|_| Malformed("not UTF-8"))?.columns.remove(0).values {
        Values::Varying(varying) => Ok(String::from_utf8_lossy(&varying.data).into_owned()),
        other => Ok(format!("{other:?}")),
    }
}

fn scalar(scalar: Scalar, bytes: &[u8]) -> String {
    text(&Codec::Scalar(scalar), bytes).unwrap()
}

fn numeric(weight: i16, sign: u16, scale: u16, groups: &[u16]) -> String {
    let mut bytes = u16::try_from(groups.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(weight.to_be_bytes());
    bytes.extend(sign.to_be_bytes());
    bytes.extend(scale.to_be_bytes());
    groups.iter().for_each(|group| bytes.extend(group.to_be_bytes()));
    scalar(Scalar::Numeric, &bytes)
}

#[test]
fn numerics() {
    assert_eq!(numeric(0, 0, 0, &[]), "0");
    assert_eq!(numeric(0, 0, 3, &[]), "0.000");
    assert_eq!(numeric(0, 0, 2, &[12, 5000]), "12.50");
    assert_eq!(numeric(0, 0x4000, 2, &[12, 5000]), "-12.50");
    assert_eq!(numeric(-1, 0, 4, &[1]), "0.0001");
    assert_eq!(numeric(-2, 0, 8, &[1]), "0.00000001");
    assert_eq!(numeric(-2, 0, 5, &[1000]), "0.00001");
    assert_eq!(numeric(2, 0, 0, &[1]), "100000000");
    assert_eq!(numeric(1, 0, 1, &[1, 2, 3000]), "10002.3");
    assert_eq!(numeric(0, 0xC000, 0, &[]), "NaN");
    assert_eq!(numeric(0, 0xD000, 0, &[]), "Infinity");
    assert_eq!(numeric(0, 0xF000, 0, &[]), "-Infinity");
}

#[test]
fn dates() {
    let date = |days: i32| scalar(Scalar::Date, &days.to_be_bytes());
    assert_eq!(date(0), "2000-01-01");
    assert_eq!(date(59), "2000-02-29");
    assert_eq!(date(-1), "1999-12-31");
    assert_eq!(date(-730_119), "0001-01-01");
    assert_eq!(date(-730_120), "0001-12-31 BC");
    assert_eq!(date(2_921_940), "10000-01-01");
    assert_eq!(date(i32::MAX), "infinity");
    assert_eq!(date(i32::MIN), "-infinity");
}

#[test]
fn times() {
    let time = |micros: i64| scalar(Scalar::Time, &micros.to_be_bytes());
    assert_eq!(time(0), "00:00:00");
    assert_eq!(time(86_400_000_000), "24:00:00");
    assert_eq!(time(1_500_000), "00:00:01.5");
    assert_eq!(time(1), "00:00:00.000001");
    let zoned = |micros: i64, west: i32| scalar(Scalar::TimeTz, &[&micros.to_be_bytes()[..], &west.to_be_bytes()].concat());
    assert_eq!(zoned(0, 0), "00:00:00+00:00");
    assert_eq!(zoned(0, -7_200), "00:00:00+02:00");
    assert_eq!(zoned(0, 12_615), "00:00:00-03:30:15");
}

#[test]
fn timestamps() {
    let at = |kind, micros: i64| scalar(kind, &micros.to_be_bytes());
    assert_eq!(at(Scalar::Timestamp, 0), "2000-01-01T00:00:00");
    assert_eq!(at(Scalar::Timestamp, -1), "1999-12-31T23:59:59.999999");
    assert_eq!(at(Scalar::TimestampTz, 1_000_000), "2000-01-01T00:00:01Z");
    assert_eq!(at(Scalar::TimestampTz, -211_813_488_000_000_000), "4714-11-24T00:00:00Z BC");
    assert_eq!(at(Scalar::Timestamp, 9_223_371_331_200_000_000 - 1), "294276-12-31T23:59:59.999999");
    assert_eq!(at(Scalar::Timestamp, i64::MAX), "infinity");
    assert_eq!(at(Scalar::TimestampTz, i64::MIN), "-infinity");
}

#[test]
fn intervals() {
    let interval = |micros: i64, days: i32, months: i32| {
        scalar(Scalar::Interval, &[&micros.to_be_bytes()[..], &days.to_be_bytes(), &months.to_be_bytes()].concat())
    };
    assert_eq!(interval(0, 0, 0), "PT0S");
    assert_eq!(interval(14_706_700_000, 3, 14), "P1Y2M3DT4H5M6.7S");
    assert_eq!(interval(-14_706_700_000, -3, -14), "P-1Y-2M-3DT-4H-5M-6.7S");
    assert_eq!(interval(-500_000, 1, 0), "P1DT-0.5S");
    assert_eq!(interval(i64::MIN, i32::MIN, i32::MIN), "-infinity");
    assert_eq!(interval(i64::MIN, i32::MIN, 0), "P-2147483648DT-2562047788H-54.775808S");
}

#[test]
fn floats_and_uuids() {
    assert_eq!(scalar(Scalar::Float4, b"0.1"), "Values::Float64s([0.1])");
    assert_eq!(scalar(Scalar::Float4, b"3.4e+38"), "Values::Float64s([3.4e38])");
    assert_eq!(scalar(Scalar::Uuid, &[0xa0; 16]), "a0a0a0a0-a0a0-a0a0-a0a0-a0a0a0a0a0a0");
}

fn int_array(lengths: &[i32], items: &[Option<i32>]) -> Vec<u8> {
    let mut bytes = i32::try_from(lengths.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend([0, 0, 0, 1, 0, 0, 0, 23]);
    for length in lengths {
        bytes.extend(length.to_be_bytes());
        bytes.extend(1_i32.to_be_bytes());
    }
    for item in items {
        match item {
            None => bytes.extend((-1_i32).to_be_bytes()),
            Some(item) => {
                bytes.extend(4_i32.to_be_bytes());
                bytes.extend(item.to_be_bytes());
            }
        }
    }
    bytes
}

#[test]
fn arrays() {
    let codec = Codec::Array(Scalar::Int4);
    assert_eq!(text(&codec, &int_array(&[], &[])).unwrap(), "[]");
    assert_eq!(text(&codec, &int_array(&[2], &[Some(1), None])).unwrap(), "[1,null]");
    let four = [Some(1), Some(2), Some(3), Some(-4)];
    assert_eq!(text(&codec, &int_array(&[2, 2], &four)).unwrap(), "[[1,2],[3,-4]]");
    assert!(text(&codec, &int_array(&[3], &four)).is_err());
    assert!(text(&codec, &int_array(&[i32::MAX, 0], &[])).is_err());
}

#[test]
fn text_arrays() {
    let array = |bytes: &str| text(&Codec::TextArray(b','), bytes.as_bytes());
    assert_eq!(array("{}").unwrap(), "[]");
    assert_eq!(array(r#"{a,"b \"c\\",NULL,"NULL"}"#).unwrap(), r#"["a","b \"c\\",null,"NULL"]"#);
    assert_eq!(array("[0:1][1:1]={{x},{y}}").unwrap(), r#"[["x"],["y"]]"#);
    assert_eq!(text(&Codec::TextArray(b';'), b"{(1,1),(0,0);(2,2),(0,0)}").unwrap(), r#"["(1,1),(0,0)","(2,2),(0,0)"]"#);
    for wrong in ["", "{", "{a", "{a}b", "a", "{\"a}", "{{{{{{{1}}}}}}}"] {
        assert!(array(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_row_goes_into_its_columns() {
    let codecs = [Codec::Scalar(Scalar::Int4), Codec::Scalar(Scalar::Text)];
    let mut batch = BatchBuilder::new(codecs.iter().map(|codec| Layout::of(codec.kind())));
    row(b"\0\x02\0\0\0\x04\0\0\0\x07\xff\xff\xff\xff", &codecs, &mut batch).unwrap();
    row(b"\0\x02\xff\xff\xff\xff\0\0\0\x02hi", &codecs, &mut batch).unwrap();
    assert_eq!(batch.rows(), 2);
    let batch = batch.finish().unwrap();
    assert!(matches!(&batch.columns[0].values, Values::Int64s(values) if *values == [7, 0]));
    assert_eq!(batch.columns[0].validity, Some(vec![1]));
    assert_eq!(batch.columns[1].validity, Some(vec![2]));
}

/// Every way of reading a value.
pub(crate) fn codec() -> impl Strategy<Value = Codec> {
    let scalars = [
        Scalar::Bool,
        Scalar::Int2,
        Scalar::Int4,
        Scalar::Int8,
        Scalar::Oid,
        Scalar::Float4,
        Scalar::Float8,
        Scalar::Numeric,
        Scalar::Text,
        Scalar::Bytea,
        Scalar::Uuid,
        Scalar::Json,
        Scalar::Jsonb,
        Scalar::Date,
        Scalar::Time,
        Scalar::TimeTz,
        Scalar::Timestamp,
        Scalar::TimestampTz,
        Scalar::Interval,
    ];
    prop_oneof![
        prop::sample::select(scalars.map(Codec::Scalar).to_vec()),
        prop::sample::select(scalars.map(Codec::Array).to_vec()),
        Just(Codec::TextArray(b',')),
    ]
}

proptest! {
    #[test]
    fn any_bytes_give_a_value_or_an_error(codec in codec(), bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let _ = text(&codec, &bytes);
    }

    #[test]
    fn any_date_is_its_calendar_day(days in -2_451_545_i32..100_000_000) {
        // Counted the slow way, from the year's and month's own lengths.
        let spelled = scalar(Scalar::Date, &days.to_be_bytes());
        let (date, bc) = spelled.strip_suffix(" BC").map_or((spelled.as_str(), false), |date| (date, true));
        let mut parts = date.split('-').map(|part| part.parse::<i64>().unwrap());
        let (year, month, day) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let year = if bc { 1 - year } else { year };
        let leap = |year: i64| year % 4 == 0 && year % 100 != 0 || year % 400 == 0;
        let months = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        prop_assert!((1..=12).contains(&month) && day >= 1 && day <= months[usize::try_from(month).unwrap() - 1]);
        let before = |year: i64| 365 * year + (year - 1).div_euclid(4) - (year - 1).div_euclid(100) + (year - 1).div_euclid(400);
        let of_year: i64 = months[..usize::try_from(month).unwrap() - 1].iter().sum::<i64>() + day - 1;
        prop_assert_eq!(before(year) - before(2000) + of_year, i64::from(days));
    }
}
