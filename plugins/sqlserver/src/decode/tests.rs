use super::*;
use crate::protocol::{Reader, Token, Type, columns};
use bulkhead_driver::{Layout, Value};
use proptest::prelude::*;

fn kind(info: &[u8]) -> Type {
    let mut reader = Reader::new(info);
    let kind = Type::parse(&mut reader, 0).unwrap();
    assert!(reader.is_empty(), "{}", kind.name);
    kind
}

/// A value with its length, as text.
fn shown(info: &[u8], value: &[u8]) -> String {
    let kind = kind(info);
    match single(&mut Reader::new(value), &kind).unwrap() {
        Value::Null => "NULL".into(),
        Value::Boolean(value) => value.to_string(),
        Value::Int64(value) => value.to_string(),
        Value::Float64(value) => format!("{value:?}"),
        Value::Decimal(text) | Value::Text(text) | Value::Json(text) => text,
        Value::Bytes(bytes) => format!("{bytes:x?}"),
    }
}

const LATIN: [u8; 5] = [0x09, 0x04, 0xD0, 0x00, 0x34];

fn with_collation(info: &[u8]) -> Vec<u8> {
    [info, &LATIN].concat()
}

fn le<const N: usize>(number: u64) -> [u8; N] {
    number.to_le_bytes()[..N].try_into().unwrap()
}

/// Days since 0001-01-01 of 2024-02-29.
const LEAP_DAY: u64 = 738_944;

#[test]
fn numbers() {
    assert_eq!(shown(&[0x30], &[255]), "255");
    assert_eq!(shown(&[0x34], &(-2_i16).to_le_bytes()), "-2");
    assert_eq!(shown(&[0x26, 4], &[4, 0xff, 0xff, 0xff, 0xff]), "-1");
    assert_eq!(shown(&[0x26, 8], &[&[8][..], &i64::MIN.to_le_bytes()].concat()), "-9223372036854775808");
    assert_eq!(shown(&[0x26, 8], &[0]), "NULL");
    assert_eq!(shown(&[0x68, 1], &[1, 1]), "true");
    assert_eq!(shown(&[0x3B], &0.1_f32.to_le_bytes()), "0.1");
    assert_eq!(shown(&[0x3B], &16_777_217_f32.to_le_bytes()), "16777216.0");
    assert_eq!(shown(&[0x6D, 8], &[&[8][..], &1e300_f64.to_le_bytes()].concat()), "1e300");
    assert_eq!(shown(&[0x3C], &[0xff, 0xff, 0xff, 0xff, 0xf0, 0xd8, 0xff, 0xff]), "-1.0000");
    assert_eq!(shown(&[0x7A], &12_500_i32.to_le_bytes()), "1.2500");
    assert_eq!(shown(&[0x3C], &[0, 0, 0, 0x80, 0, 0, 0, 0]), "-922337203685477.5808");
}

#[test]
fn decimals_keep_every_digit() {
    assert_eq!(shown(&[0x6A, 17, 38, 0], &[&[17, 1][..], &(10_u128.pow(38) - 1).to_le_bytes()].concat()), "9".repeat(38));
    assert_eq!(shown(&[0x6C, 9, 10, 4], &[9, 0, 1, 0, 0, 0, 0, 0, 0, 0]), "-0.0001");
    assert_eq!(shown(&[0x6A, 5, 5, 2], &[5, 0, 0, 0, 0, 0]), "0.00");
    assert_eq!(shown(&[0x6A, 17, 38, 38], &[5, 1, 5, 0, 0, 0]), format!("0.{}5", "0".repeat(37)));
    assert_eq!(shown(&[0x6A, 5, 5, 0], &[5, 1, 42, 0, 0, 0]), "42");
    assert_eq!(kind(&[0x6A, 5, 5, 2]).name, "decimal(5,2)");
}

#[test]
fn dates_and_times() {
    assert_eq!(shown(&[0x28], &[&[3][..], &le::<3>(0)].concat()), "0001-01-01");
    assert_eq!(shown(&[0x28], &[&[3][..], &le::<3>(LEAP_DAY)].concat()), "2024-02-29");
    assert_eq!(shown(&[0x28], &[&[3][..], &le::<3>(3_652_058)].concat()), "9999-12-31");
    assert_eq!(shown(&[0x29, 7], &[&[5][..], &le::<5>(863_999_999_999)].concat()), "23:59:59.9999999");
    assert_eq!(shown(&[0x29, 0], &[&[3][..], &le::<3>(43_200)].concat()), "12:00:00");
    assert_eq!(shown(&[0x29, 3], &[&[4][..], &le::<4>(500)].concat()), "00:00:00.5");
    let noon = [&le::<5>(432_000_000_001)[..], &le::<3>(LEAP_DAY)].concat();
    assert_eq!(shown(&[0x2A, 7], &[&[8][..], &noon].concat()), "2024-02-29T12:00:00.0000001");
    let offset = |minutes: i16| [&[10][..], &noon, &minutes.to_le_bytes()].concat();
    assert_eq!(shown(&[0x2B, 7], &offset(-570)), "2024-02-29T02:30:00.0000001-09:30");
    assert_eq!(shown(&[0x2B, 7], &offset(14 * 60)), "2024-03-01T02:00:00.0000001+14:00");
    assert_eq!(shown(&[0x2B, 7], &offset(0)), "2024-02-29T12:00:00.0000001Z");
    assert_eq!(shown(&[0x3D], &[0; 8]), "1900-01-01T00:00:00");
    assert_eq!(shown(&[0x3D], &[&(-53_690_i32).to_le_bytes()[..], &[0; 4]].concat()), "1753-01-01T00:00:00");
    assert_eq!(
        shown(&[0x3D], &[&2_958_463_i32.to_le_bytes()[..], &25_919_999_u32.to_le_bytes()].concat()),
        "9999-12-31T23:59:59.997"
    );
    assert_eq!(shown(&[0x3A], &[0xff, 0xff, 0x9f, 0x05]), "2079-06-06T23:59:00");
}

#[test]
fn text_and_bytes() {
    assert_eq!(shown(&with_collation(&[0xA7, 20, 0]), b"\x02\0\xe9\x80"), "é€");
    assert_eq!(shown(&with_collation(&[0xE7, 20, 0]), b"\x04\0\x3d\xd8\x00\xde"), "😀");
    assert_eq!(shown(&with_collation(&[0xE7, 20, 0]), b"\0\0"), "");
    assert_eq!(shown(&with_collation(&[0xE7, 20, 0]), b"\xff\xff"), "NULL");
    assert_eq!(shown(&with_collation(&[0xE7, 20, 0]), b"\x02\0\x00\xd8"), "\u{fffd}");
    assert_eq!(shown(&[0xA5, 20, 0], b"\x02\0\x01\xff"), "[1, ff]");
    assert_eq!(kind(&with_collation(&[0xE7, 0xff, 0xff])).name, "nvarchar(max)");
    assert_eq!(kind(&with_collation(&[0xEF, 20, 0])).name, "nchar(10)");
    let guid = [16, 0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];
    assert_eq!(shown(&[0x24, 16], &guid), "00112233-4455-6677-8899-aabbccddeeff");
    let pointer = [&[16][..], &[0; 24], &[2, 0, 0, 0], b"hi"].concat();
    assert_eq!(shown(&with_collation(&[0x23, 0, 0, 0, 0x80]), &pointer), "hi");
    assert_eq!(shown(&[0x22, 0, 0, 0, 0x80], &[0]), "NULL");
}

#[test]
fn chunks_are_put_together() {
    let wide = with_collation(&[0xE7, 0xff, 0xff]);
    let unknown = chunks::UNKNOWN.to_le_bytes();
    // A character cut in two by a chunk's end.
    let cut = [&unknown[..], &[3, 0, 0, 0], b"a\0\x3d", &[3, 0, 0, 0], b"\xd8\x00\xde", &[0; 4]].concat();
    assert_eq!(shown(&wide, &cut), "a😀");
    assert_eq!(shown(&wide, &[0xff; 8]), "NULL");
    assert_eq!(shown(&wide, &[&unknown[..], &[0; 4]].concat()), "");
    assert_eq!(shown(&wide, &[&le::<8>(2)[..], &[2, 0, 0, 0], b"a\0", &[0; 4]].concat()), "a");
    let lies = [&le::<8>(4)[..], &[2, 0, 0, 0], b"a\0", &[0; 4]].concat();
    assert!(single(&mut Reader::new(&lies), &kind(&wide)).is_err());
    let xml = [&unknown[..], &[6, 0, 0, 0], b"\xff\xfe<\0/\0", &[0; 4]].concat();
    assert_eq!(shown(&[0xF1, 0], &xml), "</");
    let json = [&unknown[..], &[2, 0, 0, 0], b"{}", &[0; 4]].concat();
    assert_eq!(shown(&[0xF4], &json), "{}");
    let user = b"\xF0\xff\xff\x01d\0\x03s\0y\0s\0\x0bh\0i\0e\0r\0a\0r\0c\0h\0y\0i\0d\0\x01\0x\0";
    assert_eq!(kind(user).name, "hierarchyid");
    assert_eq!(shown(user, &[&unknown[..], &[1, 0, 0, 0], b"\x58", &[0; 4]].concat()), "[58]");
}

#[test]
fn vectors() {
    let info = [0xF5, 16, 0, 0];
    let value = [&[16, 0, 0xA9, 1, 2, 0, 0, 0, 0, 0][..], &1.5_f32.to_le_bytes(), &(-0.1_f32).to_le_bytes()].concat();
    assert_eq!(kind(&info).name, "vector(2)");
    assert_eq!(shown(&info, &value), "[1.5,-0.1]");
    let half = [0xF5, 12, 0, 1];
    assert_eq!(kind(&half).name, "vector(2, float16)");
    assert_eq!(shown(&half, &[12, 0, 0xA9, 1, 2, 0, 1, 0, 0, 0, 0x00, 0x3e, 0x66, 0xae]), "[1.5,-0.099975586]");
}

#[test]
fn variants() {
    let shown = |value: &[u8]| {
        let length = u32::try_from(value.len()).unwrap().to_le_bytes();
        shown(&[0x62, 0x49, 0x1F, 0, 0], &[&length[..], value].concat())
    };
    assert_eq!(shown(&[]), "NULL");
    assert_eq!(shown(&[0x38, 0, 7, 0, 0, 0]), "7");
    assert_eq!(shown(&[0x32, 0, 1]), "1");
    assert_eq!(shown(&[&[0x3E, 0][..], &0.5_f64.to_le_bytes()].concat()), "0.5");
    assert_eq!(shown(&[&[0xE7, 7][..], &LATIN, &[2, 0], b"a\0"].concat()), "a");
    assert_eq!(shown(&[&[0xA7, 7][..], &LATIN, &[2, 0], b"\xe9"].concat()), "é");
    assert_eq!(shown(&[0x6C, 2, 5, 2, 1, 42, 0, 0, 0]), "0.42");
    assert_eq!(shown(&[0x28, 0, 0, 0, 0]), "0001-01-01");
    assert_eq!(shown(&[0xA5, 2, 8, 0, 1, 2]), "[1, 2]");
    assert!(variant::push(&[0xF1, 0], &mut bulkhead_driver::ColumnBuilder::new(Layout::Mixed)).is_err());
}

#[test]
fn a_result_as_in_the_document() {
    // MS-TDS 4.5, SQL Batch Server Response: select 'foo' as 'bar'.
    let bytes = [
        0x81, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x20, 0x00, 0xA7, 0x03, 0x00, 0x09, 0x04, 0xD0, 0x00, 0x34, 0x03, 0x62, 0x00,
        0x61, 0x00, 0x72, 0x00, 0xD1, 0x03, 0x00, 0x66, 0x6F, 0x6F, 0xFD, 0x10, 0x00, 0xC1, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00,
    ];
    let (Token::Columns(columns), size) = Token::parse(&bytes).unwrap() else { panic!() };
    assert_eq!(
        (columns[0].name.as_str(), columns[0].kind.name.as_str(), columns[0].nullable),
        ("bar", "varchar(3)", Some(false))
    );
    let codecs = [columns[0].kind.codec];
    let (row, used) = text(&bytes[size + 1..], false, &codecs).unwrap();
    assert_eq!(row, [Some("foo".to_owned())]);
    let (Token::Done(done), last) = Token::parse(&bytes[size + 1 + used..]).unwrap() else { panic!() };
    assert_eq!((done.count(), done.is_final(), size + 1 + used + last), (Some(1), true, bytes.len()));
}

/// A column's type, and a value of it on the wire.
fn column() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..40);
    let chunked = prop::option::of(prop::collection::vec(prop::collection::vec(any::<u8>(), 1..20), 0..4)).prop_map(|chunks| {
        let Some(chunks) = chunks else { return vec![0xff; 8] };
        let mut value = chunks::UNKNOWN.to_le_bytes().to_vec();
        for chunk in chunks {
            value.extend(u32::try_from(chunk.len()).unwrap().to_le_bytes());
            value.extend(chunk);
        }
        value.extend([0; 4]);
        value
    });
    let short = |bytes: Option<Vec<u8>>| match bytes {
        None => vec![0xff, 0xff],
        Some(bytes) => [&u16::try_from(bytes.len()).unwrap().to_le_bytes()[..], &bytes].concat(),
    };
    prop_oneof![
        any::<i32>().prop_map(|number| (vec![0x38], number.to_le_bytes().to_vec())),
        prop::option::of(any::<i64>()).prop_map(|number| {
            let value = number.map_or(vec![0], |number| [&[8][..], &number.to_le_bytes()].concat());
            (vec![0x26, 8], value)
        }),
        (any::<bool>(), 0..10_u64.pow(18))
            .prop_map(|(sign, number)| { (vec![0x6A, 9, 18, 4], [&[9, u8::from(sign)][..], &number.to_le_bytes()].concat()) }),
        prop::option::of(bytes()).prop_map(move |value| (with_collation(&[0xE7, 80, 0]), short(value))),
        prop::option::of(bytes()).prop_map(move |value| (with_collation(&[0xA7, 80, 0]), short(value))),
        chunked.clone().prop_map(|value| (with_collation(&[0xE7, 0xff, 0xff]), value)),
        chunked.prop_map(|value| (vec![0xA5, 0xff, 0xff], value)),
        (0..3_652_059_u64).prop_map(|days| (vec![0x28], [&[3][..], &le::<3>(days)].concat())),
    ]
}

proptest! {
    /// A row is the same wherever its bytes are cut: too little is never taken for enough, nor for nonsense.
    #[test]
    fn a_row_cut_short_is_short(columns_and_values in prop::collection::vec(column(), 1..8)) {
        let mut metadata = u16::try_from(columns_and_values.len()).unwrap().to_le_bytes().to_vec();
        let mut row_bytes = Vec::new();
        for (info, value) in &columns_and_values {
            metadata.extend([0, 0, 0, 0, 1, 0]);
            metadata.extend(info);
            metadata.push(0);
            row_bytes.extend(value);
        }
        for end in 0..metadata.len() {
            prop_assert_eq!(columns(&mut Reader::new(&metadata[..end])), Err(Stop::Short));
        }
        let described = columns(&mut Reader::new(&metadata)).unwrap();
        let codecs: Vec<_> = described.iter().map(|column| column.kind.codec).collect();
        let batch = || BatchBuilder::new(described.iter().map(|column| Layout::of(column.kind.kind())));
        for end in 0..row_bytes.len() {
            prop_assert_eq!(size(&row_bytes[..end], false, &codecs), Err(Stop::Short));
            prop_assert_eq!(row(&row_bytes[..end], false, &codecs, &mut batch()), Err(Stop::Short));
            let mut skip = Skip::new(false);
            let (first, ended) = skip.advance(&row_bytes[..end], &codecs);
            prop_assert!(!ended || first == end);
            let (second, ended) = skip.advance(&row_bytes[first..], &codecs);
            prop_assert!(ended);
            prop_assert_eq!(first + second, row_bytes.len());
        }
        prop_assert_eq!(size(&row_bytes, false, &codecs), Ok(row_bytes.len()));
        let mut whole = batch();
        prop_assert_eq!(row(&row_bytes, false, &codecs, &mut whole), Ok(row_bytes.len()));
        prop_assert_eq!(whole.finish().unwrap().rows, 1);
        // The same with a bitmap that has every other column as NULL.
        let nulls = vec![0b1010_1010; codecs.len().div_ceil(8)];
        let mut bitmap_row = nulls;
        columns_and_values.iter().step_by(2).for_each(|(_, value)| bitmap_row.extend(value));
        prop_assert_eq!(row(&bitmap_row, true, &codecs, &mut batch()), Ok(bitmap_row.len()));
        let (texts, _) = text(&bitmap_row, true, &codecs).unwrap();
        prop_assert!(texts.iter().skip(1).step_by(2).all(Option::is_none));
    }

    #[test]
    fn days_are_those_of_the_calendar(days in 0_u32..3_652_059) {
        let (year, month, day) = calendar::civil(days);
        // Back by the count of leap years before.
        let leap = |year: u32| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let before = (year - 1) * 365 + (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
        let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let of_months: u32 = lengths[..month as usize - 1].iter().sum();
        prop_assert_eq!(before + of_months + day - 1, days);
    }
}
