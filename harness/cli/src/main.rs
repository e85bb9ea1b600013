//! The binary `proofmark`.

use std::process::ExitCode;

fn main() -> ExitCode {
    proofmark_cli::run(std::env::args_os())
}
