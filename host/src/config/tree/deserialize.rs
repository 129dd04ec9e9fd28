//! From a tree to types. What is wrong says where, and never repeats a value.

use std::fmt::Display;

use serde::de::value::StrDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Entry, Node, Scalar, Value};
use crate::config::{Fault, Origin};

/// Reads a value of a type.
pub(in crate::config) fn deserialize<'a, T: Deserialize<'a>>(node: &'a Node) -> Result<T, Fault> {
    T::deserialize(From(node)).map_err(|Wrong { message, mut keys, origin }| {
        keys.reverse();
        Fault::new(origin, keys.join("."), message)
    })
}

#[derive(Debug)]
struct Wrong {
    message: String,
    /// From the innermost.
    keys: Vec<String>,
    origin: Option<Origin>,
}

impl Wrong {
    fn at(mut self, node: &Node) -> Wrong {
        self.origin.get_or_insert_with(|| node.origin.clone());
        self
    }

    fn under(mut self, key: &str) -> Wrong {
        self.keys.push(key.to_owned());
        self
    }
}

impl Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Wrong {}

impl Error for Wrong {
    fn custom<T: Display>(message: T) -> Wrong {
        Wrong { message: message.to_string(), keys: Vec::new(), origin: None }
    }

    fn invalid_type(_: Unexpected<'_>, wanted: &dyn Expected) -> Wrong {
        Wrong::custom(format!("{wanted} is wanted"))
    }

    fn invalid_value(_: Unexpected<'_>, wanted: &dyn Expected) -> Wrong {
        Wrong::custom(format!("{wanted} is wanted"))
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Wrong {
        Wrong::custom(format!("one of these is wanted: {}", known.join(", ")))
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Wrong {
        Wrong::custom(format!("there is a key that isn't known; known are: {}", known.join(", ")))
    }
}

#[derive(Clone, Copy)]
struct From<'a>(&'a Node);

impl<'a> From<'a> {
    fn scalar(self) -> Result<&'a Scalar, Wrong> {
        match &self.0.value {
            Value::Scalar(scalar) => Ok(scalar),
            Value::List(_) => Err(Wrong::custom("one value is wanted, not a list").at(self.0)),
            Value::Map(_) => Err(Wrong::custom("one value is wanted, not a mapping").at(self.0)),
        }
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            let number = self.scalar()?.integer().ok_or_else(|| Wrong::custom("a whole number is wanted").at(self.0))?;
            let number = <$type>::try_from(number).map_err(|_| {
                Wrong::custom(format!("a whole number from {} to {} is wanted", <$type>::MIN, <$type>::MAX)).at(self.0)
            })?;
            visitor.$visit(number).map_err(|why: Wrong| why.at(self.0))
        }
    )*};
}

impl<'de> Deserializer<'de> for From<'de> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let node = self.0;
        let read = match &node.value {
            Value::Scalar(scalar) if scalar.is_null() => visitor.visit_unit(),
            Value::Scalar(scalar) => match (scalar.boolean(), scalar.integer(), scalar.float()) {
                (Some(boolean), ..) => visitor.visit_bool(boolean),
                (None, Some(number), _) => match (i64::try_from(number), u64::try_from(number)) {
                    (Ok(number), _) => visitor.visit_i64(number),
                    (_, Ok(number)) => visitor.visit_u64(number),
                    _ => visitor.visit_i128(number),
                },
                (None, None, Some(number)) => visitor.visit_f64(number),
                _ => visitor.visit_str(&scalar.text),
            },
            Value::List(items) => visitor.visit_seq(Items(items.iter())),
            Value::Map(entries) => visitor.visit_map(Entries { entries: entries.iter(), value: None }),
        };
        read.map_err(|why: Wrong| why.at(node))
    }

    integers! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let boolean = self.scalar()?.boolean().ok_or_else(|| Wrong::custom("true or false is wanted").at(self.0))?;
        visitor.visit_bool(boolean)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let scalar = self.scalar()?;
        if scalar.is_null() {
            return Err(Wrong::invalid_type(Unexpected::Unit, &visitor).at(self.0));
        }
        visitor.visit_str(&scalar.text).map_err(|why: Wrong| why.at(self.0))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.0.value {
            Value::Scalar(scalar) if scalar.is_null() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let read = match &self.0.value {
            Value::Map(entries) => match entries.as_slice() {
                [entry] => visitor.visit_enum(Variant { name: &entry.key, inner: Some(&entry.node) }),
                _ => Err(Wrong::custom("one key is wanted")),
            },
            _ => visitor.visit_enum(Variant { name: &self.scalar()?.text, inner: None }),
        };
        read.map_err(|why| why.at(self.0))
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 bytes byte_buf unit unit_struct seq tuple tuple_struct map struct ignored_any
    }
}

struct Items<'a>(std::slice::Iter<'a, Node>);

impl<'a> SeqAccess<'a> for Items<'a> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        self.0.next().map(|node| seed.deserialize(From(node)).map_err(|why| why.at(node))).transpose()
    }
}

struct Entries<'a> {
    entries: std::slice::Iter<'a, Entry>,
    value: Option<&'a Entry>,
}

impl<'a> MapAccess<'a> for Entries<'a> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        self.value = self.entries.next();
        let Some(entry) = self.value else { return Ok(None) };
        let key: StrDeserializer<'_, Wrong> = entry.key.as_str().into_deserializer();
        seed.deserialize(key).map(Some).map_err(|why| why.at(&entry.node))
    }

    fn next_value_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<T::Value, Wrong> {
        let Some(entry) = self.value.take() else { return Err(Wrong::custom("a value without a key")) };
        seed.deserialize(From(&entry.node)).map_err(|why| why.at(&entry.node).under(&entry.key))
    }
}

struct Variant<'a> {
    name: &'a str,
    inner: Option<&'a Node>,
}

impl<'a> EnumAccess<'a> for Variant<'a> {
    type Error = Wrong;
    type Variant = Inner<'a>;

    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Result<(V::Value, Inner<'a>), Wrong> {
        let name: StrDeserializer<'_, Wrong> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, Inner(self.inner)))
    }
}

struct Inner<'a>(Option<&'a Node>);

impl<'a> VariantAccess<'a> for Inner<'a> {
    type Error = Wrong;

    fn unit_variant(self) -> Result<(), Wrong> {
        if self.0.is_none() { Ok(()) } else { Err(Wrong::custom("one word is wanted, not a mapping")) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, Wrong> {
        let node = self.0.ok_or_else(|| Wrong::custom("a mapping is wanted"))?;
        seed.deserialize(From(node))
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        From(self.0.ok_or_else(|| Wrong::custom("a mapping is wanted"))?).deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'a>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Wrong> {
        From(self.0.ok_or_else(|| Wrong::custom("a mapping is wanted"))?).deserialize_any(visitor)
    }
}
