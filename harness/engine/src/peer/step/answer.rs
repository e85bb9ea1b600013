//! Step `answer`.

use crate::peer::{script::Script, serve};
use serde::Deserialize;

/// Waits for the caller's half-close, then completes what is missing, as a good handler does.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {}

impl Answer {
    pub(crate) async fn run(&self, script: &Script) {
        if let Some(id) = script.id("answer") {
            serve::complete(script, id).await;
        }
    }
}
