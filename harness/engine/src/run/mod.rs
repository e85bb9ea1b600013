//! Runs cases.
//!
//! - [`round`]: one round of one case, from set-up to a finished transcript
//! - [`actor`]: the steps of `when`; [`wire_caller`], [`driver_caller`]: who makes the calls; [`host`]: the server under test
//! - [`stage`]: what all of them share

pub mod actor;
pub mod driver_caller;
pub mod execute;
pub mod faults;
pub mod host;
pub mod killing;
pub mod round;
pub mod stage;
pub mod wire_caller;

use crate::case::given::ServiceConfig;

/// A service config as the text that a channel gets.
pub fn service_config_text(config: &ServiceConfig) -> String {
    match config {
        ServiceConfig::Json(json) => json.to_string(),
        ServiceConfig::Text(text) => text.clone(),
        ServiceConfig::Fixture(name) => fixture(name),
    }
}

fn fixture(name: &str) -> String {
    match name {
        "user-service" => include_str!("../../../../fixtures/service-configs/user-service.json").to_owned(),
        _ => format!("no fixture is called {name}"),
    }
}
