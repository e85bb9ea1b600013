//! Step `settings`, and the settings of a peer's manners.

use crate::peer::script::Script;
use serde::Deserialize;

use crate::case::ByteCount;

/// Sends SETTINGS with these values (RFC 9113 section 6.5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Settings {
    /// The window with which streams begin.
    pub initial_window_size: Option<ByteCount>,
    /// Streams that the other end may have open.
    pub max_concurrent_streams: Option<u32>,
    /// The largest frame that the other end may send.
    pub max_frame_size: Option<ByteCount>,
    /// Room for the other end's header compression.
    pub header_table_size: Option<ByteCount>,
    /// The largest header list that the other end may send.
    pub max_header_list_size: Option<ByteCount>,
}

impl Settings {
    pub(crate) fn run(&self, script: &Script) {
        script.conn.settings(self);
    }
}
