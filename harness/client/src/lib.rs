//! The reference client: a gRPC channel configured by service config, on the h2 crate.
