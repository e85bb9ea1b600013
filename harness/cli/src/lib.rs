//! The binary proofmark.
