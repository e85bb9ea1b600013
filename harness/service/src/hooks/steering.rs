//! Steering lines: switches of store, validator and health.

use std::sync::atomic::Ordering;

use proofmark_api::health::health_check_response::ServingStatus;
use serde_json::json;

use crate::app::App;
use crate::store::steered::Reach;

/// A steering line that cannot be obeyed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SteeringError {
    /// The test hooks are off.
    #[error("the test hooks are off")]
    Off,
    /// Nobody knows this line.
    #[error("`{0}` is no steering line; known are `store up|down|hang`, `auth up|down`, `health NAME SERVING|NOT_SERVING|REMOVED|AUTO`")]
    Unknown(String),
}

/// Obeys a line and says so.
pub(crate) fn obey(app: &App, line: &str) -> Result<(), SteeringError> {
    if !app.hooks.are_on() {
        return Err(SteeringError::Off);
    }
    let line = line.trim();
    switch(app, line).ok_or_else(|| SteeringError::Unknown(line.to_owned()))?;
    app.hooks.say(json!({"hook": "done", "line": line}));
    Ok(())
}

fn switch(app: &App, line: &str) -> Option<()> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["store", "up"] => app.store.switch(Reach::Up),
        ["store", "down"] => app.store.switch(Reach::Down),
        ["store", "hang"] => app.store.switch(Reach::Hang),
        ["auth", state @ ("up" | "down")] => {
            if let Some(validator) = &app.validator {
                validator.switch(state == "up");
            }
        }
        ["health", name, state] => health(app, if name == "\"\"" { "" } else { name }, state)?,
        _ => return None,
    }
    Some(())
}

fn health(app: &App, name: &str, state: &str) -> Option<()> {
    match state {
        "SERVING" => app.health.pin(name, Some(ServingStatus::Serving)),
        "NOT_SERVING" => app.health.pin(name, Some(ServingStatus::NotServing)),
        "REMOVED" => app.health.pin(name, None),
        "AUTO" => app.health.unpin(name, app.store_answered.load(Ordering::Relaxed)),
        _ => return None,
    }
    Some(())
}
