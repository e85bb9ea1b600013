//! A server that closes its listener last.

use std::sync::Arc;

use proofmark_service::policy::{Policies, ShutdownPolicy, Step};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.keeps-listening",
        deviation: "Connections are still taken during the drain.",
        breaks: &["shutdown.listener.new-connections-refused"],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(Open), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Open;

impl ShutdownPolicy for Open {
    fn plan(&self) -> Vec<Step> {
        vec![
            Step::NotServing,
            Step::LameDuck,
            Step::EndWatches,
            Step::GoAway,
            Step::Grace,
            Step::Force,
            Step::CloseListener,
            Step::CloseStore,
        ]
    }
}
