//! Check, Watch and List.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::Stream;
use proofmark_api::health::health_check_response::ServingStatus;
use proofmark_api::health::health_server::Health as HealthApi;
use proofmark_api::health::{HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse};
use tonic::{Request, Response, Status, async_trait};

use crate::health::Health;
use crate::policy::ShutdownPolicy;

/// The health service.
#[derive(Debug)]
pub(crate) struct HealthService {
    pub(crate) health: Arc<Health>,
    pub(crate) shutdown: Arc<dyn ShutdownPolicy>,
}

#[async_trait]
impl HealthApi for HealthService {
    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        self.health.may_check().await;
        let status = self.health.check(&request.into_inner().service)?;
        Ok(Response::new(said(status)))
    }

    async fn list(&self, _request: Request<HealthListRequest>) -> Result<Response<HealthListResponse>, Status> {
        let statuses = self.health.list()?.into_iter().map(|(name, status)| (name, said(status))).collect();
        Ok(Response::new(HealthListResponse { statuses }))
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let watch = self.health.watch(&request.into_inner().service)?;
        let end = self.shutdown.cut();
        let changes = futures_util::stream::unfold(Some((watch, end)), |state| async {
            let (mut watch, end) = state?;
            match watch.next().await {
                Some(status) => Some((Ok(said(status)), Some((watch, end)))),
                None => Some((Err(end), None)),
            }
        });
        Ok(Response::new(Box::pin(changes)))
    }
}

fn said(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}
