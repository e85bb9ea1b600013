//! The settings of a server, typed; the keys are those of the case language.

use std::collections::BTreeMap;
use std::time::Duration;

use http::HeaderName;

/// What a server can be set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `grace`: how long calls in flight may go on during a shutdown.
    pub grace: Duration,
    /// `lame-duck`: how long everything is still served after NOT_SERVING.
    pub lame_duck: Duration,
    /// `probe-interval`: the time between two probes of the store.
    pub probe_interval: Duration,
    /// `probe-limit`: how long a probe may take.
    pub probe_limit: Duration,
    /// `max-receive`: the largest request message in bytes.
    pub max_receive: usize,
    /// `max-send`: the largest response message in bytes.
    pub max_send: usize,
    /// `max-concurrent-streams`: calls at one time on one connection.
    pub max_concurrent_streams: u32,
    /// `max-header-list`: the size in bytes that header lists of requests may have.
    pub max_header_list: u32,
    /// `deadline-max`: the longest that a call may take, if there is a limit.
    pub deadline_max: Option<Duration>,
    /// `max-age`: the age at which a connection is drained, if there is one.
    pub max_age: Option<Duration>,
    /// `max-age-grace`: how long calls may go on after that; absent: for ever.
    pub max_age_grace: Option<Duration>,
    /// `max-idle`: how long a connection may be without calls, if there is a limit.
    pub max_idle: Option<Duration>,
    /// `downstream-timeout`: the longest that a call to another service may take, if there is a limit.
    pub downstream_timeout: Option<Duration>,
    /// `forwards`: keys that travel on to other services besides ids and trace context.
    pub forwards: Vec<HeaderName>,
    /// `reflection`: reflection is offered.
    pub reflection: bool,
    /// `auth`: calls need a token; absent: if there are tokens.
    pub auth: Option<bool>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(30),
            lame_duck: Duration::ZERO,
            probe_interval: Duration::from_secs(5),
            probe_limit: Duration::from_secs(1),
            max_receive: 4 << 20,
            max_send: usize::MAX,
            max_concurrent_streams: 1024,
            max_header_list: 128 << 10,
            deadline_max: None,
            max_age: None,
            max_age_grace: None,
            max_idle: None,
            downstream_timeout: None,
            forwards: Vec::new(),
            reflection: true,
            auth: None,
        }
    }
}

/// A setting that cannot be honoured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// Nobody knows this key.
    #[error("there is no setting `{key}`; known are {}", KEYS.join(", "))]
    Unknown {
        /// As written.
        key: String,
    },
    /// The value is not of the key's form.
    #[error("the setting `{key}` is `{value}`, which is no {wanted}")]
    Malformed {
        /// The setting.
        key: String,
        /// As written.
        value: String,
        /// What it has to be, with an example.
        wanted: &'static str,
    },
}

impl Settings {
    /// Settings by key, the others as they are by default. Nothing is ignored.
    pub fn from_map(map: &BTreeMap<String, String>) -> Result<Self, SettingError> {
        let mut settings = Self::default();
        for (key, value) in map {
            settings.set(key, value)?;
        }
        Ok(settings)
    }

    /// Sets one of them from text.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), SettingError> {
        let malformed = |wanted| SettingError::Malformed { key: key.to_owned(), value: value.to_owned(), wanted };
        let duration = || parse_duration(value).ok_or_else(|| malformed("duration such as `300ms`, `5s` or `1min`"));
        let size = || parse_size(value).ok_or_else(|| malformed("size such as `512B`, `16KiB` or `4MiB`"));
        let count = || value.parse::<u32>().map_err(|_| malformed("count such as `10`"));
        match key {
            "grace" => self.grace = duration()?,
            "lame-duck" => self.lame_duck = duration()?,
            "probe-interval" => self.probe_interval = duration()?,
            "probe-limit" => self.probe_limit = duration()?,
            "max-receive" => self.max_receive = size()?,
            "max-send" => self.max_send = size()?,
            "max-concurrent-streams" => self.max_concurrent_streams = count()?,
            "max-header-list" => self.max_header_list = u32::try_from(size()?).map_err(|_| malformed("size below 4GiB"))?,
            "deadline-max" => self.deadline_max = Some(duration()?),
            "max-age" => self.max_age = Some(duration()?),
            "max-age-grace" => self.max_age_grace = Some(duration()?),
            "max-idle" => self.max_idle = Some(duration()?),
            "downstream-timeout" => self.downstream_timeout = Some(duration()?),
            "forwards" => self.forwards = parse_names(value).ok_or_else(|| malformed("list of metadata keys such as `x-a,x-b`"))?,
            "reflection" => self.reflection = parse_switch(value).ok_or_else(|| malformed("switch: `enabled` or `disabled`"))?,
            "auth" => self.auth = Some(parse_switch(value).ok_or_else(|| malformed("switch: `enabled` or `disabled`"))?),
            _ => return Err(SettingError::Unknown { key: key.to_owned() }),
        }
        Ok(())
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let (amount, unit) = split_unit(text)?;
    let seconds = match unit {
        "ns" => 1e-9,
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    // whole numbers of milliseconds and more stay exact
    let nanos = (amount * seconds * 1e9).round();
    (0.0..1.8e19).contains(&nanos).then(|| Duration::from_nanos(nanos as u64))
}

fn parse_size(text: &str) -> Option<usize> {
    let (amount, unit) = split_unit(text)?;
    let factor = match unit {
        "B" => 1.0,
        "KiB" => 1024.0,
        "MiB" => 1_048_576.0,
        "GiB" => 1_073_741_824.0,
        _ => return None,
    };
    let bytes = amount * factor;
    (bytes.fract() == 0.0 && bytes < 1e15).then_some(bytes as usize)
}

fn split_unit(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (amount, unit) = text.split_at(end);
    Some((amount.parse().ok()?, unit))
}

fn parse_names(text: &str) -> Option<Vec<HeaderName>> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(|name| name.to_ascii_lowercase().parse().ok()).collect()
}

fn parse_switch(text: &str) -> Option<bool> {
    match text {
        "enabled" => Some(true),
        "disabled" => Some(false),
        _ => None,
    }
}

/// Every key that [`Settings::set`] takes.
pub const KEYS: [&str; 16] = [
    "auth",
    "deadline-max",
    "downstream-timeout",
    "forwards",
    "grace",
    "lame-duck",
    "max-age",
    "max-age-grace",
    "max-concurrent-streams",
    "max-header-list",
    "max-idle",
    "max-receive",
    "max-send",
    "probe-interval",
    "probe-limit",
    "reflection",
];

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("300ms", Some(Duration::from_millis(300)))]
    #[case("1.5s", Some(Duration::from_millis(1500)))]
    #[case("2min", Some(Duration::from_secs(120)))]
    #[case("1h", Some(Duration::from_secs(3600)))]
    #[case("300", None)]
    #[case("-1s", None)]
    #[case("5 s", None)]
    #[case("", None)]
    fn a_duration_names_its_unit(#[case] text: &str, #[case] duration: Option<Duration>) {
        assert_eq!(parse_duration(text), duration);
    }

    #[rstest]
    #[case("65535B", Some(65_535))]
    #[case("16KiB", Some(16_384))]
    #[case("4MiB", Some(4 << 20))]
    #[case("16", None)]
    #[case("16kB", None)]
    fn a_size_names_its_unit(#[case] text: &str, #[case] size: Option<usize>) {
        assert_eq!(parse_size(text), size);
    }

    #[test]
    fn an_unknown_setting_is_refused_with_the_known_ones() {
        let map = BTreeMap::from([("grcae".to_owned(), "1s".to_owned())]);
        let message = Settings::from_map(&map).unwrap_err().to_string();
        assert!(message.starts_with("there is no setting `grcae`; known are auth, deadline-max, "), "{message}");
    }

    #[test]
    fn a_malformed_value_is_refused_with_an_example() {
        let map = BTreeMap::from([("grace".to_owned(), "30".to_owned())]);
        assert_eq!(
            Settings::from_map(&map).unwrap_err().to_string(),
            "the setting `grace` is `30`, which is no duration such as `300ms`, `5s` or `1min`"
        );
    }

    #[test]
    fn every_known_key_can_be_set() {
        for key in KEYS {
            let values = ["1s", "1MiB", "10", "x-a,x-b", "enabled"];
            assert!(values.iter().any(|value| Settings::default().set(key, value).is_ok()), "{key}");
        }
    }
}
