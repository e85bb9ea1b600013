//! Compiles `proto/` without a `protoc` on the machine.

use std::path::PathBuf;

use prost::Message;

const FILES: [&str; 5] = [
    "user/v1/user.proto",
    "grpc/health/v1/health.proto",
    "google/rpc/status.proto",
    "google/rpc/error_details.proto",
    "proofmark/driver/v1/driver.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo:rerun-if-changed={}", root.display());
    let descriptors = protox::compile(FILES, [&root])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().bytes(".proofmark.driver.v1").btree_map(".").compile_fds(descriptors)?;
    Ok(())
}
