//! LOGIN7: who logs in, to what, and what it understands (MS-TDS 2.2.6.4).

use crate::convert::utf16;
use crate::error::SqlError;
use crate::tds::reader::Reader;
use crate::tds::type_info::Features;

/// What a client said.
#[derive(Debug, Default)]
pub(crate) struct Login {
    pub(crate) tds_version: u32,
    pub(crate) packet_size: u32,
    pub(crate) host_name: String,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) application: String,
    pub(crate) server: String,
    pub(crate) library: String,
    pub(crate) language: String,
    pub(crate) database: String,
    pub(crate) read_only_intent: bool,
    /// Windows authentication: not here.
    pub(crate) integrated: bool,
    pub(crate) features: Features,
    /// What is to be acknowledged: feature, data.
    pub(crate) acknowledged: Vec<(u8, Vec<u8>)>,
    pub(crate) fedauth: Option<Fedauth>,
}

/// The FEDAUTH feature.
#[derive(Debug)]
pub(crate) enum Fedauth {
    /// The token came along.
    Token(String),
    /// It is to be asked for.
    Ask,
}

const FEATURE_FEDAUTH: u8 = 0x02;
const FEATURE_UTF8: u8 = 0x0A;
const FEATURE_JSON: u8 = 0x0D;
const FEATURE_VECTOR: u8 = 0x0E;
const FEATURE_END: u8 = 0xFF;
/// Of OptionFlags2, TypeFlags and OptionFlags3.
const INTEGRATED: u8 = 0x80;
const READ_ONLY_INTENT: u8 = 0x20;
const EXTENSION: u8 = 0x10;

pub(crate) fn parse(bytes: &[u8]) -> Result<Login, SqlError> {
    let mut fixed = Reader::new(bytes);
    let length = fixed.u32()? as usize;
    if length > bytes.len() {
        return Err(SqlError::new(17_832, 20, "The login packet used to open the connection is structurally invalid.").state(2));
    }
    let mut login = Login { tds_version: fixed.u32()?, packet_size: fixed.u32()?, ..Login::default() };
    fixed.take(12)?;
    let [_, second, types, third] = fixed.array()?;
    login.integrated = second & INTEGRATED != 0;
    login.read_only_intent = types & READ_ONLY_INTENT != 0;
    fixed.take(8)?;
    let mut next = || -> Result<&[u8], SqlError> {
        let (offset, units) = (usize::from(fixed.u16()?), usize::from(fixed.u16()?));
        let mut at = Reader::new(bytes);
        at.take(offset)?;
        at.take(units * 2)
    };
    login.host_name = utf16(next()?);
    login.user = utf16(next()?);
    login.password = clear(next()?);
    login.application = utf16(next()?);
    login.server = utf16(next()?);
    let (offset, _) = (usize::from(fixed.u16()?), fixed.u16()?);
    if third & EXTENSION != 0 {
        let mut at = Reader::new(bytes);
        at.take(offset)?;
        let start = at.u32()? as usize;
        let mut features = Reader::new(bytes);
        features.take(start)?;
        extensions(&mut login, &mut features)?;
    }
    let mut next = || -> Result<&[u8], SqlError> {
        let (offset, units) = (usize::from(fixed.u16()?), usize::from(fixed.u16()?));
        let mut at = Reader::new(bytes);
        at.take(offset)?;
        at.take(units * 2)
    };
    login.library = utf16(next()?);
    login.language = utf16(next()?);
    login.database = utf16(next()?);
    Ok(login)
}

/// Each byte's halves swapped, and 0xA5 over it.
fn clear(bytes: &[u8]) -> String {
    let bytes: Vec<u8> = bytes.iter().map(|byte| (byte ^ 0xA5).rotate_left(4)).collect();
    utf16(&bytes)
}

fn extensions(login: &mut Login, features: &mut Reader<'_>) -> Result<(), SqlError> {
    loop {
        let feature = features.u8()?;
        if feature == FEATURE_END {
            return Ok(());
        }
        let length = features.u32()? as usize;
        let data = features.take(length)?;
        match feature {
            FEATURE_UTF8 => {
                login.features.utf8 = true;
                login.acknowledged.push((feature, vec![1]));
            }
            FEATURE_JSON => {
                login.features.json = true;
                login.acknowledged.push((feature, vec![1]));
            }
            FEATURE_VECTOR => {
                login.features.vector = true;
                login.acknowledged.push((feature, vec![1]));
            }
            FEATURE_FEDAUTH => {
                let mut data = Reader::new(data);
                let options = data.u8()?;
                login.fedauth = Some(if options >> 1 == 1 {
                    let length = data.u32()? as usize;
                    let token = utf16(data.take(length)?);
                    // A nonce, if there is one, is given back.
                    login.acknowledged.push((feature, data.rest().get(..32).unwrap_or_default().to_vec()));
                    Fedauth::Token(token)
                } else {
                    login.acknowledged.push((feature, Vec::new()));
                    Fedauth::Ask
                });
            }
            _ => {}
        }
    }
}
