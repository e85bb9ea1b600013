//! The user service.
//!
//! - [`validate`]: the rules of input
//! - [`session`]: one run of a handler, from its hook line to its status
//! - [`feed`]: response streams written as plain async code
//! - [`inbound`]: request streams that know how they ended
//! - [`service`]: the five methods

pub(crate) mod feed;
pub(crate) mod inbound;
pub(crate) mod service;
pub(crate) mod session;
pub mod validate;

/// A method of the user service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GetUser.
    GetUser,
    /// CreateUser.
    CreateUser,
    /// ListUsers.
    ListUsers,
    /// BatchCreateUsers.
    BatchCreateUsers,
    /// Chat.
    Chat,
}

impl Method {
    /// What callers are told of a failure that is none of theirs.
    pub fn failure_text(self) -> &'static str {
        match self {
            Self::GetUser => "failed to get user",
            Self::CreateUser => "failed to create user",
            Self::ListUsers => "failed to list users",
            Self::BatchCreateUsers => "failed to create users",
            Self::Chat => "failed to chat",
        }
    }
}
