//! The one shape of steps, checks and faults: an enum of kinds, each with its name and doc.

/// A word of the language and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// As cases write it.
    pub name: &'static str,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
}

/// Defines the enum of kinds, and the function that lists them.
macro_rules! kinds {
    (
        $(#[$meta:meta])*
        pub enum $type:ident, known $known:ident {
            $($(#[doc = $doc:literal])+ $variant:ident($data:ty) $name:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
        pub enum $type {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant($data),)+
        }

        impl $type {
            /// The name that cases use.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant(..) => $name,)+ }
            }
        }

        /// Every kind with its meaning.
        #[must_use]
        pub const fn $known() -> &'static [$crate::case::Word] {
            const WORDS: &[$crate::case::Word] =
                &[$($crate::case::Word { name: $name, doc: concat!($($doc),+).trim_ascii() },)+];
            WORDS
        }
    };
}

pub(crate) use kinds;
