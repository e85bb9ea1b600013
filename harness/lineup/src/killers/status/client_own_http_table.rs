//! A client that translates HTTP statuses by what their names suggest.

use std::sync::Arc;

use proofmark_client::Code;
use proofmark_client::policy::{MissingStatus, Policies, Standard, StatusRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.own-http-table",
        deviation: "HTTP statuses are translated by their names: 404 is NOT_FOUND, 429 RESOURCE_EXHAUSTED, 408 DEADLINE_EXCEEDED, 409 ABORTED, 5xx INTERNAL.",
        breaks: &["status.http.table", "retry.basic.http-error-without-grpc-status"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(OwnHttpTable), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct OwnHttpTable;

impl StatusRules for OwnHttpTable {
    fn http(&self, status: u16) -> Code {
        match status {
            401 => Code::PermissionDenied,
            403 => Code::Unauthenticated,
            404 => Code::NotFound,
            408 => Code::DeadlineExceeded,
            409 => Code::Aborted,
            429 => Code::ResourceExhausted,
            400..=499 => Code::InvalidArgument,
            _ => Code::Internal,
        }
    }

    fn missing(&self, how: MissingStatus) -> Code {
        match how {
            MissingStatus::NotGrpc => Code::Internal,
            _ => Standard.missing(how),
        }
    }
}
