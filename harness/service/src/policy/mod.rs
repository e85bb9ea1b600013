//! The decisions of the service, one small trait a subject, each with the reference's answer as its default.
//!
//! A deliberately broken variant puts another implementation of one of them into [`Policies`]; nothing else in the crate knows of that.

use std::sync::Arc;

pub mod auth;
pub mod cancel;
pub mod deadline;
pub mod error;
pub mod gateway;
pub mod health;
pub mod log;
pub mod message;
pub mod metadata;
pub mod panic;
pub mod shutdown;
pub mod status;
pub mod store;
pub mod tracing;
pub mod user;
pub mod validation;

pub use auth::AuthPolicy;
pub use cancel::{CancelPolicy, Loss, Reaction};
pub use deadline::{DeadlinePolicy, Expiry, Stage};
pub use error::ErrorPolicy;
pub use gateway::GatewayPolicy;
pub use health::{HealthPolicy, Watcher};
pub use log::{LogPolicy, Record};
pub use message::MessagePolicy;
pub use metadata::{MetadataPolicy, Part};
pub use panic::PanicPolicy;
pub use shutdown::{ShutdownPolicy, Step};
pub use status::StatusPolicy;
pub use store::StorePolicy;
pub use tracing::TracingPolicy;
pub use user::UserPolicy;
pub use validation::ValidationPolicy;

/// Every decision of the service.
#[derive(Clone, Debug)]
pub struct Policies {
    /// Who may call what.
    pub auth: Arc<dyn AuthPolicy>,
    /// What a call does whose caller has gone.
    pub cancel: Arc<dyn CancelPolicy>,
    /// What a deadline is.
    pub deadline: Arc<dyn DeadlinePolicy>,
    /// How errors become statuses.
    pub error: Arc<dyn ErrorPolicy>,
    /// What travels on.
    pub gateway: Arc<dyn GatewayPolicy>,
    /// What the server says of its health.
    pub health: Arc<dyn HealthPolicy>,
    /// What the access log says.
    pub log: Arc<dyn LogPolicy>,
    /// What is accepted as a request.
    pub message: Arc<dyn MessagePolicy>,
    /// What becomes of metadata.
    pub metadata: Arc<dyn MetadataPolicy>,
    /// What a panic becomes.
    pub panic: Arc<dyn PanicPolicy>,
    /// How the server goes.
    pub shutdown: Arc<dyn ShutdownPolicy>,
    /// How a status looks on the wire.
    pub status: Arc<dyn StatusPolicy>,
    /// What is stored.
    pub store: Arc<dyn StorePolicy>,
    /// Where a call belongs.
    pub tracing: Arc<dyn TracingPolicy>,
    /// What the methods answer.
    pub user: Arc<dyn UserPolicy>,
    /// What is valid input.
    pub validation: Arc<dyn ValidationPolicy>,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            auth: Arc::new(Reference),
            cancel: Arc::new(Reference),
            deadline: Arc::new(Reference),
            error: Arc::new(Reference),
            gateway: Arc::new(Reference),
            health: Arc::new(Reference),
            log: Arc::new(Reference),
            message: Arc::new(Reference),
            metadata: Arc::new(Reference),
            panic: Arc::new(Reference),
            shutdown: Arc::new(Reference),
            status: Arc::new(Reference),
            store: Arc::new(Reference),
            tracing: Arc::new(Reference),
            user: Arc::new(Reference),
            validation: Arc::new(Reference),
        }
    }
}

/// Every default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reference;

impl AuthPolicy for Reference {}
impl CancelPolicy for Reference {}
impl DeadlinePolicy for Reference {}
impl ErrorPolicy for Reference {}
impl GatewayPolicy for Reference {}
impl HealthPolicy for Reference {}
impl LogPolicy for Reference {}
impl MessagePolicy for Reference {}
impl MetadataPolicy for Reference {}
impl PanicPolicy for Reference {}
impl ShutdownPolicy for Reference {}
impl StatusPolicy for Reference {}
impl StorePolicy for Reference {}
impl TracingPolicy for Reference {}
impl UserPolicy for Reference {}
impl ValidationPolicy for Reference {}
