//! What is a valid request of the user service.

use std::fmt::Debug;

use crate::domain::Violation;
use crate::user::validate;

/// Decisions about input.
pub trait ValidationPolicy: Debug + Send + Sync {
    /// What is wrong with a name and an email address.
    fn user(&self, name: &str, email: &str) -> Vec<Violation> {
        validate::user(name, email)
    }

    /// The items of a batch are validated like single users.
    fn checks_items(&self) -> bool {
        true
    }

    /// The path of a field of the item at `index` of a batch.
    fn item_field(&self, index: usize, field: &str) -> String {
        format!("[{index}].{field}")
    }

    /// An empty id is an error of its own.
    fn checks_id(&self) -> bool {
        true
    }

    /// How many users a page has; nothing: the size is invalid.
    fn page_size(&self, asked: i32) -> Option<usize> {
        validate::page_size(asked)
    }

    /// The place after which a page begins; nothing: the token is invalid.
    fn page_token(&self, token: &str) -> Option<i64> {
        validate::read_page_token(token)
    }

    /// The violations are sent as details.
    fn sends_details(&self) -> bool {
        true
    }
}
