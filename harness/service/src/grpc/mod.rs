//! gRPC as it is on the wire: what stands between a stream and the generated service.
//!
//! - [`timeout`], [`text`], [`metadata`]: header values
//! - [`scan`]: message prefixes, judged as they arrive
//! - [`block`]: the header blocks of a response

pub(crate) mod block;
pub mod metadata;
pub(crate) mod scan;
pub mod text;
pub mod timeout;
