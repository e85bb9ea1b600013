//! Killers: deliberately broken variants of the references, each with the requirements that it breaks. A case that no killer fails proves nothing.
//!
//! One file a deviation, in the folder of its area, plus one line in that folder's list.

mod connections;
mod deadlines;
mod health;
mod metadata;
mod retry;
mod shutdown;
mod status;
mod user;

use std::fmt;
use std::sync::Arc;

use proofmark_system::{ClientFactory, ServerFactory};

use crate::reference_client::{self, ReferenceClient};
use crate::reference_server::{self, ReferenceServer};

/// A broken variant.
#[derive(Clone)]
pub struct Killer {
    /// Its name, `client.ignores-pushback`.
    pub name: &'static str,
    /// What it does wrong, in one sentence.
    pub deviation: &'static str,
    /// The requirements that it breaks. Cases that prove none of them must not fail.
    pub breaks: &'static [&'static str],
    /// How it is made.
    pub variant: Variant,
}

/// How a variant is made.
#[derive(Clone)]
pub enum Variant {
    /// The client with other decisions.
    ClientPolicies(fn() -> proofmark_client::policy::Policies),
    /// The client behind something that changes frames.
    ClientWire(fn() -> reference_client::WrapNetwork),
    /// The server with other decisions.
    ServerPolicies(fn() -> proofmark_service::policy::Policies),
    /// The server behind something that changes frames.
    ServerWire(fn() -> reference_client::WrapNetwork),
}

impl fmt::Debug for Killer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Killer").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Killer {
    /// The client of this variant: itself, where it is the client that is broken.
    pub fn client(&self) -> Arc<dyn ClientFactory> {
        match self.variant {
            Variant::ClientPolicies(policies) => {
                let make: reference_client::MakePolicies = Arc::new(policies);
                Arc::new(ReferenceClient::variant(self.name, make, Arc::new(|network| network)))
            }
            Variant::ClientWire(wrap) => Arc::new(ReferenceClient::variant(self.name, Arc::new(Default::default), wrap())),
            Variant::ServerPolicies(_) | Variant::ServerWire(_) => Arc::new(ReferenceClient::new()),
        }
    }

    /// The server of this variant: itself, where it is the server that is broken.
    pub fn server(&self) -> Arc<dyn ServerFactory> {
        match self.variant {
            Variant::ServerPolicies(policies) => {
                let make: reference_server::MakePolicies = Arc::new(policies);
                Arc::new(ReferenceServer::variant(self.name, make, Arc::new(|network| network)))
            }
            Variant::ServerWire(wrap) => Arc::new(ReferenceServer::variant(self.name, Arc::new(Default::default), wrap())),
            Variant::ClientPolicies(_) | Variant::ClientWire(_) => Arc::new(ReferenceServer::new()),
        }
    }

    /// Whether the server is the broken end.
    pub fn is_server(&self) -> bool {
        matches!(self.variant, Variant::ServerPolicies(_) | Variant::ServerWire(_))
    }
}

/// Every killer, by name.
pub fn all() -> Vec<Killer> {
    let areas = [connections::ALL, deadlines::ALL, health::ALL, metadata::ALL, retry::ALL, shutdown::ALL, status::ALL, user::ALL];
    let mut killers: Vec<Killer> = areas.into_iter().flatten().map(|make| make()).collect();
    killers.sort_by_key(|killer| killer.name);
    killers
}
