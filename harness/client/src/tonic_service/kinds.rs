//! The kind of a method, from descriptors.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use prost::Message;
use prost_types::FileDescriptorSet;

use crate::options::CallKind;

/// The kind of the method with this path. An unknown one counts as bidirectional: no cardinality is assumed, and tonic applies its own.
pub(crate) fn kind_of(path: &str) -> CallKind {
    KINDS.get_or_init(read).get(path).copied().unwrap_or(CallKind::BidiStreaming)
}

static KINDS: OnceLock<BTreeMap<String, CallKind>> = OnceLock::new();

fn read() -> BTreeMap<String, CallKind> {
    let set = FileDescriptorSet::decode(proofmark_api::DESCRIPTORS).unwrap_or_default();
    let mut kinds = BTreeMap::new();
    for file in &set.file {
        for service in &file.service {
            for method in &service.method {
                let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                let kind = match (method.client_streaming(), method.server_streaming()) {
                    (false, false) => CallKind::Unary,
                    (false, true) => CallKind::ServerStreaming,
                    (true, false) => CallKind::ClientStreaming,
                    (true, true) => CallKind::BidiStreaming,
                };
                kinds.insert(path, kind);
            }
        }
    }
    kinds
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/user.v1.UserService/GetUser", CallKind::Unary)]
    #[case("/user.v1.UserService/ListUsers", CallKind::ServerStreaming)]
    #[case("/user.v1.UserService/BatchCreateUsers", CallKind::ClientStreaming)]
    #[case("/user.v1.UserService/Chat", CallKind::BidiStreaming)]
    #[case("/grpc.health.v1.Health/Watch", CallKind::ServerStreaming)]
    #[case("/t.S/Unknown", CallKind::BidiStreaming)]
    fn kinds_come_from_descriptors(#[case] path: &str, #[case] expected: CallKind) {
        assert_eq!(kind_of(path), expected);
    }
}
