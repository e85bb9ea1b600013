//! The rules of input and the forms of answers, service contract section 2.

use std::time::SystemTime;

use proofmark_api::user::ChatMessage;

use crate::domain::Violation;
use crate::grpc::metadata;

/// What is wrong with a name and an email address.
pub fn user(name: &str, email: &str) -> Vec<Violation> {
    let name = name_fault(name).map(|fault| Violation::new("name", fault));
    let email = email_fault(email).map(|fault| Violation::new("email", fault));
    name.into_iter().chain(email).collect()
}

/// How many users a page has, if the size asked for is valid.
pub fn page_size(asked: i32) -> Option<usize> {
    match usize::try_from(asked).ok()? {
        0 => Some(DEFAULT_PAGE),
        size => Some(size.min(MAX_PAGE)),
    }
}

/// The token for the page after `place`.
pub fn write_page_token(place: i64) -> String {
    let mut bytes = TOKEN_MARK.to_vec();
    bytes.extend(place.to_be_bytes());
    metadata::encode(&bytes).to_str().unwrap_or_default().to_owned()
}

/// The place that a token names; an empty token names the beginning.
pub fn read_page_token(token: &str) -> Option<i64> {
    if token.is_empty() {
        return Some(0);
    }
    let bytes = metadata::decode(token.as_bytes())?;
    let place = bytes.strip_prefix(TOKEN_MARK)?.try_into().ok()?;
    Some(i64::from_be_bytes(place)).filter(|place| *place > 0)
}

/// The answer to a chat message.
pub fn echo(message: &ChatMessage, now: SystemTime) -> ChatMessage {
    ChatMessage { user_id: "server".to_owned(), content: format!("Echo: {}", message.content), timestamp: Some(now.into()) }
}

fn name_fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("is required")
    } else if name.chars().count() > MAX_NAME {
        Some("has more than 100 characters")
    } else if name.chars().any(char::is_control) {
        Some("has control characters")
    } else {
        None
    }
}

fn email_fault(email: &str) -> Option<&'static str> {
    if email.is_empty() {
        return Some("is required");
    }
    if !(MIN_EMAIL..=MAX_EMAIL).contains(&email.chars().count()) {
        return Some("has not 3 to 254 characters");
    }
    match email.split_once('@') {
        Some((local, domain)) if !local.is_empty() && !domain.is_empty() && !domain.contains('@') => None,
        _ => Some("has no text on both sides of one `@`"),
    }
}

const DEFAULT_PAGE: usize = 100;
const MAX_PAGE: usize = 1000;
const MAX_NAME: usize = 100;
const MIN_EMAIL: usize = 3;
const MAX_EMAIL: usize = 254;

/// Tells our tokens from other base64.
const TOKEN_MARK: &[u8] = b"u1:";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Ada", "a@b", &[])]
    #[case("", "a@b", &["name"])]
    #[case("Ada", "x", &["email"])]
    #[case("", "", &["name", "email"])]
    #[case("A\u{7}", "a@b@c", &["name", "email"])]
    #[case("Ada", "@b.example", &["email"])]
    #[case("Ada", "a@", &["email"])]
    fn wrong_fields_are_named(#[case] name: &str, #[case] email: &str, #[case] fields: &[&str]) {
        let named: Vec<_> = user(name, email).into_iter().map(|violation| violation.field).collect();
        assert_eq!(named, fields);
    }

    #[test]
    fn limits_are_inclusive_and_count_characters() {
        assert!(user(&"é".repeat(100), "a@b").is_empty());
        assert!(!user(&"é".repeat(101), "a@b").is_empty());
        assert!(user("n", &format!("a@{}", "é".repeat(252))).is_empty());
        assert!(!user("n", &format!("a@{}", "é".repeat(253))).is_empty());
    }

    #[rstest]
    #[case(10, Some(10))]
    #[case(0, Some(100))]
    #[case(100_000, Some(1000))]
    #[case(-1, None)]
    #[case(i32::MIN, None)]
    fn page_size_is_bounded(#[case] asked: i32, #[case] size: Option<usize>) {
        assert_eq!(page_size(asked), size);
    }

    proptest! {
        #[test]
        fn a_token_names_its_place(place in 1i64..) {
            prop_assert_eq!(read_page_token(&write_page_token(place)), Some(place));
        }

        #[test]
        fn other_text_is_no_token(token in "[ -~]{1,20}") {
            prop_assume!(!token.starts_with("dTE6"));
            prop_assert_eq!(read_page_token(&token), None);
        }
    }
}
