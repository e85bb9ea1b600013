//! The cases and the requirements, embedded.
