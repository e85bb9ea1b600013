//! Types generated from the protocol definitions in `proto/`.
//!
//! - [`user`]: the user service that server-role suites test
//! - [`health`]: the standard health service
//! - [`rpc`]: the status model behind `grpc-status-details-bin`
//! - [`driver`]: commands to and events from a client system
//! - [`json`]: those as lines
//! - [`DESCRIPTORS`]: all of them as a serialised `FileDescriptorSet`, for reflection and for rendering messages

#![expect(missing_docs, reason = "the generated items carry the comments of their proto files")]
#![expect(unused_qualifications, reason = "generated code spells paths out")]
#![expect(clippy::allow_attributes, reason = "generated code")]

/// The user service, `user.v1`.
pub mod user {
    tonic::include_proto!("user.v1");
}

/// The standard health service, `grpc.health.v1`.
pub mod health {
    tonic::include_proto!("grpc.health.v1");
}

/// The status model of Google APIs, `google.rpc`.
pub mod rpc {
    tonic::include_proto!("google.rpc");
}

/// Commands and events of a client system, `proofmark.driver.v1`.
pub mod driver {
    tonic::include_proto!("proofmark.driver.v1");
}

pub mod json;

/// Every proto file of this crate and what it imports, as a serialised `google.protobuf.FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
