//! From the tree to types, by serde.

use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::{
    error::{Fault, LoadErrors},
    parse::parse,
    tree::{Kind, Node, Span},
};
use crate::case::nearest::nearest;

/// Reads one value of the language, such as a check, from its own text.
///
/// # Errors
///
/// When the text is no such value.
pub fn parse_one<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, LoadErrors> {
    parse(file, text.as_bytes())
        .and_then(|tree| typed(&tree.root).map_err(|fault| Box::new(fault.in_tree(&tree))))
        .map_err(|error| LoadErrors::one(*error))
}

/// Reads a node as a type.
pub(super) fn typed<T: DeserializeOwned>(node: &Node) -> Result<T, Fault> {
    T::deserialize(Reader(node)).map_err(|fault| fault.or_at(&node.span))
}

/// A name that is none of those that could stand there.
pub(super) fn unknown<'a>(name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Fault {
    let hint = match nearest(name, known.clone()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    };
    Fault { what: format!("unknown name `{name}`{hint}"), span: None, known: known.into_iter().map(str::to_owned).collect() }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { what: message.to_string(), span: None, known: Vec::new() }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        unknown(field, expected.iter().copied())
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        unknown(variant, expected.iter().copied())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(format!("`{field}` is missing here"))
    }
}

#[derive(Clone, Copy)]
struct Reader<'a>(&'a Node);

impl<'a> Reader<'a> {
    fn span(self) -> &'a Span {
        &self.0.span
    }

    fn wrong(self, expected: &dyn de::Expected) -> Fault {
        Fault::at(self.span(), format!("here stands {}, and it should be {expected}", self.0.describe()))
    }

    /// The text of a scalar that is not nothing.
    fn text(self, expected: &dyn de::Expected) -> Result<&'a str, Fault> {
        match self.0.text() {
            Some(_) if self.0.is_null() => Err(Fault::at(self.span(), EMPTY)),
            Some(text) => Ok(text),
            None => Err(self.wrong(expected)),
        }
    }

    /// A number that stands there without quotes.
    fn number<T: std::str::FromStr>(self) -> Result<T, Fault> {
        let parsed = match &self.0.kind {
            Kind::Scalar { text, plain: true } => text.parse().ok(),
            _ => None,
        };
        parsed.ok_or_else(|| match self.0.is_null() {
            true => Fault::at(self.span(), EMPTY),
            false => Fault::at(self.span(), format!("{} is no number that can stand here", self.0.describe())),
        })
    }

    /// A scalar without quotes as YAML's core schema understands it.
    fn plain<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Result<V::Value, Fault> {
        match text {
            "" | "~" | "null" => return visitor.visit_unit(),
            "true" => return visitor.visit_bool(true),
            "false" => return visitor.visit_bool(false),
            _ => {}
        }
        let numeric =
            text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) && text.bytes().any(|byte| byte.is_ascii_digit());
        if !numeric {
            return visitor.visit_str(text);
        }
        if let Ok(number) = text.parse::<u64>() {
            visitor.visit_u64(number)
        } else if let Ok(number) = text.parse::<i64>() {
            visitor.visit_i64(number)
        } else if let Ok(number) = text.parse::<f64>() {
            visitor.visit_f64(number)
        } else {
            visitor.visit_str(text)
        }
    }
}

/// Reads numbers that stand there without quotes.
macro_rules! numbers {
    ($($method:ident $visit:ident,)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            visitor.$visit(self.number()?)
        })+
    };
}

impl<'de> de::Deserializer<'de> for Reader<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let result = match &self.0.kind {
            Kind::Scalar { text, plain: true } => Self::plain(text, visitor),
            Kind::Scalar { text, plain: false } => visitor.visit_str(text),
            Kind::List(items) => visitor.visit_seq(Items(items.iter())),
            Kind::Map(entries) => visitor.visit_map(Entries { rest: entries.iter(), value: None }),
        };
        result.map_err(|fault| fault.or_at(self.span()))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.kind {
            Kind::Scalar { text, plain: true } if text == "true" => visitor.visit_bool(true),
            Kind::Scalar { text, plain: true } if text == "false" => visitor.visit_bool(false),
            _ => Err(self.wrong(&"true or false")),
        }
    }

    numbers! {
        deserialize_i8 visit_i8,
        deserialize_i16 visit_i16,
        deserialize_i32 visit_i32,
        deserialize_i64 visit_i64,
        deserialize_u8 visit_u8,
        deserialize_u16 visit_u16,
        deserialize_u32 visit_u32,
        deserialize_u64 visit_u64,
        deserialize_f32 visit_f32,
        deserialize_f64 visit_f64,
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let result = match &self.0.kind {
            Kind::Map(entries) => visitor.visit_map(Entries { rest: entries.iter(), value: None }),
            _ => visitor.visit_str(self.text(&"a text")?),
        };
        result.map_err(|fault| fault.or_at(self.span()))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let text = self.text(&"a text")?;
        visitor.visit_str(text).map_err(|fault: Fault| fault.or_at(self.span()))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.0.is_null() {
            return Err(Fault::at(self.span(), EMPTY));
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.kind {
            Kind::Scalar { text, plain: true } if name == "Template" && text.contains('{') => {
                Err(Fault::at(self.span(), format!("a template stands in quotes: \"{text}\"")))
            }
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.kind {
            Kind::List(items) => visitor.visit_seq(Items(items.iter())).map_err(|fault: Fault| fault.or_at(self.span())),
            _ => Err(self.wrong(&"a list")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.kind {
            Kind::List(items) if items.len() == len => self.deserialize_seq(visitor),
            _ => Err(self.wrong(&format!("a list of {len}").as_str())),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _name: &'static str, len: usize, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.kind {
            Kind::Map(entries) => {
                visitor.visit_map(Entries { rest: entries.iter(), value: None }).map_err(|fault: Fault| fault.or_at(self.span()))
            }
            _ => Err(self.wrong(&"a map")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.0.kind {
            Kind::Map(_) => self.deserialize_map(visitor),
            _ if fields.is_empty() => Err(self.wrong(&"{}")),
            _ => Err(self.wrong(&format!("a map of {}", fields.join(", ")).as_str())),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let result = match &self.0.kind {
            Kind::Map(entries) => match entries.as_slice() {
                [(name, value)] => visitor.visit_enum(Choice { name, value: Some(value) }),
                [_, (second, _), ..] => Err(Fault::at(&second.span, ONE_KEY)),
                [] => Err(self.wrong(&format!("a map with one of the keys {}", variants.join(", ")).as_str())),
            },
            Kind::Scalar { .. } if !self.0.is_null() => visitor.visit_enum(Choice { name: self.0, value: None }),
            _ => Err(self.wrong(&format!("one of {}", variants.join(", ")).as_str())),
        };
        result.map_err(|fault| fault.or_at(self.span()))
    }

    serde::forward_to_deserialize_any! {
        char bytes byte_buf unit unit_struct ignored_any
    }
}

struct Items<'a>(std::slice::Iter<'a, Node>);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(node) = self.0.next() else {
            return Ok(None);
        };
        seed.deserialize(Reader(node)).map(Some).map_err(|fault| fault.or_at(&node.span))
    }
}

struct Entries<'a> {
    rest: std::slice::Iter<'a, (Node, Node)>,
    value: Option<&'a Node>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(Reader(key)).map(Some).map_err(|fault| fault.or_at(&key.span))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        match self.value.take() {
            Some(node) => seed.deserialize(Reader(node)).map_err(|fault| fault.or_at(&node.span)),
            None => Err(de::Error::custom("a value without its key")),
        }
    }
}

/// One of several kinds: its name, and its value unless the name stands alone.
struct Choice<'a> {
    name: &'a Node,
    value: Option<&'a Node>,
}

impl<'a> Choice<'a> {
    fn value(&self) -> Result<&'a Node, Fault> {
        self.value.ok_or_else(|| {
            let name = self.name.text().unwrap_or_default();
            Fault::at(&self.name.span, format!("`{name}` needs its value; where there is nothing to add, `{name}: {{}}`"))
        })
    }
}

impl<'de, 'a> EnumAccess<'de> for Choice<'a> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let name = self.name.text().unwrap_or_default();
        let variant = seed.deserialize(IntoDeserializer::<Fault>::into_deserializer(name)).map_err(|fault| fault.or_at(&self.name.span))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Choice<'_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.value {
            None => Ok(()),
            Some(_) => {
                let name = self.name.text().unwrap_or_default();
                Err(Fault::at(&self.name.span, format!("`{name}` takes no value: write it alone")))
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        let value = self.value()?;
        seed.deserialize(Reader(value)).map_err(|fault| fault.or_at(&value.span))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Fault> {
        de::Deserializer::deserialize_tuple(Reader(self.value()?), len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        de::Deserializer::deserialize_struct(Reader(self.value()?), "", fields, visitor)
    }
}

const ONE_KEY: &str = "a step or check has one key; begin a new list item with `-`";

const EMPTY: &str = "nothing stands here; leave the key out, or put an empty text in quotes";
