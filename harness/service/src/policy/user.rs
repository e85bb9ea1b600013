//! What the methods of the user service answer.

use std::fmt::Debug;
use std::time::SystemTime;

use proofmark_api::user::{ChatMessage, User};

use crate::user::validate;

/// Decisions about answers.
pub trait UserPolicy: Debug + Send + Sync {
    /// The user that GetUser and CreateUser give.
    fn user(&self, user: User) -> User {
        user
    }

    /// The order of a page is reversed.
    fn reverses_page(&self) -> bool {
        false
    }

    /// A failure within a page ends it as if it were complete.
    fn hides_list_failure(&self) -> bool {
        false
    }

    /// A page is read as a whole before the first user is sent.
    fn collects_page(&self) -> bool {
        false
    }

    /// The token of the page that follows the user at `place`.
    fn page_token(&self, place: i64) -> String {
        validate::write_page_token(place)
    }

    /// The number that a batch answers.
    fn batch_count(&self, stored: usize) -> usize {
        stored
    }

    /// The answer to a chat message.
    fn echo(&self, message: &ChatMessage, now: SystemTime) -> ChatMessage {
        validate::echo(message, now)
    }

    /// Chat answers when the caller has said everything, not at once.
    fn answers_at_end(&self) -> bool {
        false
    }
}
