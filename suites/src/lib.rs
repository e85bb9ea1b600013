//! The cases and the requirements, embedded.
//!
//! - [`catalogue`]: what is required, `requirements/*.yaml`
//! - [`cases`]: what proves it, `cases/<area>/*.yaml`

use proofmark_engine::case::{Case, Catalogue, LoadErrors, load_catalogue, load_suites};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The requirement catalogue.
///
/// # Errors
/// Where a file is wrong; all errors of all files.
pub fn catalogue() -> Result<Catalogue, LoadErrors> {
    load_catalogue(REQUIREMENTS)
}

/// Every case, in the order of files and of cases in them.
///
/// # Errors
/// Where a file is wrong; all errors of all files.
pub fn cases(catalogue: &Catalogue) -> Result<Vec<Case>, LoadErrors> {
    load_suites(CASES, catalogue)
}
