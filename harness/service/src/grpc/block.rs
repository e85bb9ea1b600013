//! The header blocks of a response: what opens it, what ends it.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use tonic::Status;

use crate::call::{self, Call};
use crate::grpc::metadata;
use crate::policy::{Part, Policies};

/// The block that opens a response, with what interceptors want in it and what the handler set.
pub(crate) fn opening(call: &Call, policies: &Policies) -> HeaderMap {
    let mut block = HeaderMap::with_capacity(8);
    block.insert(header::CONTENT_TYPE, HeaderValue::from_static(metadata::CONTENT_TYPE));
    if policies.metadata.echoes_request_id(false) && !policies.metadata.request_id_in_trailers() {
        add_request_id(&mut block, call);
    }
    if call.has_initial() {
        call::append(&mut block, policies.metadata.sent(Part::Initial, call.take_initial()));
    }
    block
}

/// The block that ends a response; `alone` if nothing went before it.
pub(crate) fn ending(call: &Call, policies: &Policies, status: &Status, alone: bool) -> HeaderMap {
    let failed = status.code() != tonic::Code::Ok;
    let mut block = HeaderMap::with_capacity(8);
    if alone {
        block.insert(header::CONTENT_TYPE, HeaderValue::from_static(metadata::CONTENT_TYPE));
    }
    if policies.metadata.echoes_request_id(failed) && (alone || policies.metadata.request_id_in_trailers()) {
        add_request_id(&mut block, call);
    }
    if policies.metadata.sends_duration(failed) {
        let duration = format!("{}ms", call.age().as_millis());
        block.insert(DURATION, HeaderValue::from_str(&duration).unwrap_or_else(|_| HeaderValue::from_static("0ms")));
    }
    let part = if failed { Part::Failed } else { Part::Trailing };
    let mut own = call.take_trailing();
    call::append(&mut own, status.metadata().clone().into_headers());
    if !own.is_empty() {
        let accepts = own.get(ACCEPT_ENCODING).cloned();
        call::append(&mut block, policies.metadata.sent(part, own));
        if let Some(accepts) = accepts {
            block.insert(ACCEPT_ENCODING, accepts);
        }
    }
    add_status(&mut block, policies, status, alone);
    block
}

fn add_status(block: &mut HeaderMap, policies: &Policies, status: &Status, alone: bool) {
    block.append(STATUS, HeaderValue::from(i32::from(status.code())));
    if status.code() == tonic::Code::Ok {
        return;
    }
    if !status.message().is_empty() {
        block.append(MESSAGE, policies.status.message(status.message()));
    }
    if !status.details().is_empty() && policies.status.sends_details(alone) {
        block.append(DETAILS, metadata::encode(status.details()));
    }
}

fn add_request_id(block: &mut HeaderMap, call: &Call) {
    if let Some(id) = call.request_id() {
        block.insert(REQUEST_ID, id.clone());
    }
}

/// Reads the status out of a block that tonic made.
pub(crate) fn status_of(block: &HeaderMap) -> Option<Status> {
    block.get(STATUS)?;
    Status::from_header_map(block)
}

/// Names of fields.
pub(crate) const STATUS: HeaderName = HeaderName::from_static("grpc-status");
pub(crate) const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
pub(crate) const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(crate) const TENANT_ID: HeaderName = HeaderName::from_static("x-tenant-id");
pub(crate) const DURATION: HeaderName = HeaderName::from_static("x-request-duration");
pub(crate) const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
