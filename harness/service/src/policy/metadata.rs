//! What becomes of metadata on its way in and out.

use std::fmt::Debug;

use http::{HeaderMap, HeaderValue};

use crate::grpc::metadata;

/// Where a handler's metadata goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Before the first message.
    Initial,
    /// With the status of a call that ends well.
    Trailing,
    /// With the status of a call that fails.
    Failed,
}

/// Decisions about metadata.
pub trait MetadataPolicy: Debug + Send + Sync {
    /// Turns the fields of a request into what a handler may see: protocol fields hidden, joined binary values split.
    fn received(&self, fields: &mut HeaderMap) {
        metadata::hide_protocol_fields(fields);
        metadata::split_joined_binary(fields);
    }

    /// What is sent of the metadata that a handler set.
    fn sent(&self, _part: Part, own: HeaderMap) -> HeaderMap {
        metadata::without_reserved(own)
    }

    /// The request id of a call: the caller's, if it is usable, or `fresh`.
    fn request_id(&self, given: Option<&HeaderValue>, fresh: &mut dyn FnMut() -> HeaderValue) -> HeaderValue {
        match given {
            Some(value) if metadata::is_usable_id(value) => value.clone(),
            _ => fresh(),
        }
    }

    /// The tenant of a call, if the caller named one.
    fn tenant_id(&self, given: Option<&HeaderValue>) -> Option<HeaderValue> {
        given.filter(|value| metadata::is_usable_id(value)).cloned()
    }

    /// `x-request-id` is sent; `failed` calls are asked for by themselves.
    fn echoes_request_id(&self, _failed: bool) -> bool {
        true
    }

    /// `x-request-id` travels in the trailers instead of the headers.
    fn request_id_in_trailers(&self) -> bool {
        false
    }

    /// `x-request-duration` is sent with the status.
    fn sends_duration(&self, _failed: bool) -> bool {
        true
    }

    /// Headers asked for by a handler leave at once, not with the first message.
    fn sends_headers_at_once(&self) -> bool {
        true
    }
}
