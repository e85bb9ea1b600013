//! JSON values that know their place, so that every rejection can name it.

use std::time::Duration;

use serde_json::Value;

use crate::config::ConfigRejected;

/// A JSON value with its path. `null` counts as absent wherever a field is looked up.
pub(crate) struct Field<'a> {
    value: &'a Value,
    place: String,
    duration: &'a dyn Fn(&str) -> Option<Duration>,
}

impl<'a> Field<'a> {
    pub(crate) fn root(value: &'a Value, duration: &'a dyn Fn(&str) -> Option<Duration>) -> Self {
        Self { value, place: String::new(), duration }
    }

    pub(crate) fn get(&self, key: &str) -> Option<Field<'a>> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        let place = if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) };
        Some(Field { value, place, duration: self.duration })
    }

    pub(crate) fn required(&self, key: &str) -> Result<Field<'a>, ConfigRejected> {
        self.get(key).ok_or_else(|| self.bad(&format!("`{key}` is missing")))
    }

    pub(crate) fn bad(&self, problem: &str) -> ConfigRejected {
        let place = if self.place.is_empty() { "top level" } else { &self.place };
        ConfigRejected { place: place.to_owned(), problem: problem.to_owned() }
    }

    /// An error that says what is wanted and shows what is there.
    pub(crate) fn wanted(&self, wanted: &str) -> ConfigRejected {
        self.bad(&format!("{wanted} is wanted, not {}", shortened(&self.value.to_string())))
    }

    pub(crate) fn object(&self) -> Result<Vec<String>, ConfigRejected> {
        let object = self.value.as_object().ok_or_else(|| self.wanted("an object"))?;
        Ok(object.keys().cloned().collect())
    }

    pub(crate) fn list(&self) -> Result<Vec<Field<'a>>, ConfigRejected> {
        let items = self.value.as_array().ok_or_else(|| self.wanted("a list"))?;
        let item = |(index, value)| Field { value, place: format!("{}[{index}]", self.place), duration: self.duration };
        Ok(items.iter().enumerate().map(item).collect())
    }

    pub(crate) fn text(&self) -> Result<&'a str, ConfigRejected> {
        self.value.as_str().ok_or_else(|| self.wanted("a string"))
    }

    pub(crate) fn bool(&self) -> Result<bool, ConfigRejected> {
        self.value.as_bool().ok_or_else(|| self.wanted("true or false"))
    }

    /// A number.
    pub(crate) fn number(&self) -> Result<f64, ConfigRejected> {
        self.value.as_f64().ok_or_else(|| self.wanted("a number"))
    }

    /// A whole number, also when written as `3.0`.
    pub(crate) fn integer(&self) -> Option<i64> {
        let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
        self.value.as_i64().or_else(|| self.value.as_f64().and_then(whole))
    }

    /// A whole number, also in quotes, as proto3 JSON writes 64-bit ones and `UInt32Value` may be written.
    pub(crate) fn quoted_integer(&self) -> Option<i64> {
        self.integer().or_else(|| self.value.as_str().and_then(|text| text.parse().ok()))
    }

    pub(crate) fn duration(&self) -> Result<Duration, ConfigRejected> {
        let wanted = || self.wanted("a duration in seconds such as \"0.5s\"");
        self.value.as_str().and_then(|text| (self.duration)(text)).ok_or_else(wanted)
    }
}

/// Reads a proto3 JSON duration that is not negative: decimal seconds, up to nine fraction digits, suffix `s`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let seconds = whole.parse().ok().filter(|seconds| *seconds <= MAX_SECONDS)?;
    Some(Duration::new(seconds, format!("{fraction:0<9}").parse().ok()?))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text.to_owned(),
    }
}

/// The largest `google.protobuf.Duration`.
const MAX_SECONDS: u64 = 315_576_000_000;
