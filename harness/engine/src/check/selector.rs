//! The keys that choose what a check looks at, and the shape that most checks share.

use serde::Deserialize;

use crate::case::Moment;

/// What a check looks at; what is absent means all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector {
    /// Calls with this name.
    pub call: Option<String>,
    /// The attempt of its call, from 1.
    pub attempt: Option<u32>,
    /// The peer with this name.
    pub peer: Option<String>,
    /// The connection of its peer, from 1.
    pub connection: Option<u32>,
    /// The method's path.
    pub path: Option<String>,
    /// Only what happened after this moment.
    pub after: Option<Moment>,
    /// Only what happened before this moment.
    pub until: Option<Moment>,
    /// What is judged by itself; the sum if absent.
    pub each: Option<Each>,
}

/// What is judged by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Each {
    /// Every call.
    Call,
    /// Every peer.
    Peer,
    /// Every connection.
    Connection,
    /// Every moment that a gap begins with, paired with the next one it ends with.
    From,
}

/// One of the two ends of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// What is tested.
    System,
    /// What the harness plays.
    Peer,
}

/// Defines a check with its selector and its bound, and reads all their keys as one map.
///
/// `select: Selector` adds the keys of a [`Selector`]; `bound: T` those of a bound of `T` that must be there,
/// `maybe_bound: T` those of one that may be missing.
macro_rules! check {
    (
        $(#[doc = $doc:literal])+
        $vis:vis struct $name:ident {
            $(
                $(#[doc = $field_doc:literal])+
                $(#[serde($($serde:tt)*)])?
                pub $field:ident: $type:ty,
            )*
            $(select: $selector:ident,)?
            $(bound: $bound:ty,)?
            $(maybe_bound: $maybe:ty,)?
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        $vis struct $name {
            $($(#[doc = $field_doc])+ pub $field: $type,)*
            $(
                /// What is looked at.
                pub select: $selector,
            )?
            $(
                /// What is demanded of the number, size or time.
                pub bound: $crate::case::Bound<$bound>,
            )?
            $(
                /// What is demanded of the number, size or time, if anything is.
                pub bound: Option<$crate::case::Bound<$maybe>>,
            )?
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(serde::Deserialize)]
                #[serde(deny_unknown_fields, rename_all = "kebab-case")]
                struct Keys {
                    $($(#[serde($($serde)*)])? $field: $type,)*
                    $(
                        #[doc = stringify!($selector)]
                        call: Option<String>,
                        attempt: Option<u32>,
                        peer: Option<String>,
                        connection: Option<u32>,
                        path: Option<String>,
                        after: Option<$crate::case::Moment>,
                        until: Option<$crate::case::Moment>,
                        each: Option<$crate::check::Each>,
                    )?
                    $(
                        exactly: Option<$crate::case::bound::Measured<$bound>>,
                        at_least: Option<$crate::case::bound::Measured<$bound>>,
                        at_most: Option<$crate::case::bound::Measured<$bound>>,
                        between: Option<($crate::case::bound::Measured<$bound>, $crate::case::bound::Measured<$bound>)>,
                    )?
                    $(
                        exactly: Option<$crate::case::bound::Measured<$maybe>>,
                        at_least: Option<$crate::case::bound::Measured<$maybe>>,
                        at_most: Option<$crate::case::bound::Measured<$maybe>>,
                        between: Option<($crate::case::bound::Measured<$maybe>, $crate::case::bound::Measured<$maybe>)>,
                    )?
                }

                let keys = Keys::deserialize(deserializer)?;
                Ok(Self {
                    $($field: keys.$field,)*
                    $(select: $selector {
                        call: keys.call,
                        attempt: keys.attempt,
                        peer: keys.peer,
                        connection: keys.connection,
                        path: keys.path,
                        after: keys.after,
                        until: keys.until,
                        each: keys.each,
                    },)?
                    $(bound: $crate::case::bound::BoundKeys::<$bound> {
                        exactly: keys.exactly,
                        at_least: keys.at_least,
                        at_most: keys.at_most,
                        between: keys.between,
                    }.one().map_err(serde::de::Error::custom)?,)?
                    $(bound: $crate::case::bound::BoundKeys::<$maybe> {
                        exactly: keys.exactly,
                        at_least: keys.at_least,
                        at_most: keys.at_most,
                        between: keys.between,
                    }.at_most_one().map_err(serde::de::Error::custom)?,)?
                })
            }
        }
    };
}

pub(crate) use check;
