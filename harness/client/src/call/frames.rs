//! gRPC's message framing: a flag, four bytes of length, the message.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tonic::Code;

/// Takes messages out of a stream of bytes. It holds what arrived, never what was merely announced.
#[derive(Debug)]
pub(crate) struct Frames {
    buffer: Buffer,
    limit: usize,
    encoding: bool,
}

/// One chunk as it came, or several joined.
#[derive(Debug)]
enum Buffer {
    One(Bytes),
    Joined(BytesMut),
}

impl Frames {
    pub(crate) fn new(limit: usize) -> Self {
        Self { buffer: Buffer::One(Bytes::new()), limit, encoding: false }
    }

    /// The peer named a compression.
    pub(crate) fn compressed(&mut self) {
        self.encoding = true;
    }

    pub(crate) fn push(&mut self, chunk: Bytes) {
        match &mut self.buffer {
            Buffer::One(bytes) if bytes.is_empty() => *bytes = chunk,
            Buffer::One(bytes) => {
                let mut joined = BytesMut::with_capacity((bytes.len() + chunk.len()).max(64));
                joined.put_slice(bytes);
                joined.put_slice(&chunk);
                self.buffer = Buffer::Joined(joined);
            }
            Buffer::Joined(joined) => joined.put_slice(&chunk),
        }
    }

    /// Whether a whole message is there; an unusable prefix is an error as soon as it can be seen.
    pub(crate) fn check(&self) -> Result<bool, (Code, String)> {
        let bytes = self.bytes();
        match bytes.first() {
            None => return Ok(false),
            Some(0) => {}
            Some(1) if self.encoding => {
                return Err((Code::Internal, "the message is compressed in a way that was not offered".into()));
            }
            Some(1) => {
                return Err((Code::Internal, "the message is flagged as compressed, but no grpc-encoding was named".into()));
            }
            Some(flag) => {
                return Err((Code::Internal, format!("the message has the unknown flag {flag:#x}")));
            }
        }
        let Some(mut length) = bytes.get(1..PREFIX) else {
            return Ok(false);
        };
        let length = usize::try_from(length.get_u32()).unwrap_or(usize::MAX);
        if length > self.limit {
            return Err((Code::ResourceExhausted, format!("a message of {length} bytes is above the limit of {} bytes", self.limit)));
        }
        Ok(bytes.len() - PREFIX >= length)
    }

    /// Takes the next message; call it when [`Frames::check`] said that it is there.
    pub(crate) fn take(&mut self) -> Bytes {
        let length = self.bytes().get(1..PREFIX).map_or(0, |mut length| length.get_u32() as usize);
        match &mut self.buffer {
            Buffer::One(bytes) => {
                bytes.advance(PREFIX);
                bytes.split_to(length)
            }
            Buffer::Joined(joined) => {
                joined.advance(PREFIX);
                let message = joined.split_to(length).freeze();
                if joined.is_empty() {
                    self.buffer = Buffer::One(Bytes::new());
                }
                message
            }
        }
    }

    /// Whether part of a message is left.
    pub(crate) fn partial(&self) -> bool {
        !self.bytes().is_empty()
    }

    fn bytes(&self) -> &[u8] {
        match &self.buffer {
            Buffer::One(bytes) => bytes,
            Buffer::Joined(joined) => joined,
        }
    }
}

/// A message with its prefix.
pub(crate) fn framed(message: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(PREFIX + message.len());
    bytes.put_u8(0);
    bytes.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    bytes.put_slice(message);
    bytes.freeze()
}

pub(crate) const PREFIX: usize = 5;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn messages_survive_any_cutting(messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8), cuts in prop::collection::vec(1_usize..20, 1..60)) {
            let stream: Vec<u8> = messages.iter().flat_map(|message| framed(message)).collect();
            let (mut frames, mut taken, mut rest, mut cuts) = (Frames::new(100), Vec::new(), &stream[..], cuts.into_iter().cycle());
            while !rest.is_empty() {
                let (chunk, tail) = rest.split_at(cuts.next().unwrap_or(1).min(rest.len()));
                frames.push(Bytes::copy_from_slice(chunk));
                rest = tail;
                while frames.check().expect("legal") {
                    taken.push(frames.take().to_vec());
                }
            }
            prop_assert_eq!(taken, messages);
            prop_assert!(!frames.partial());
        }
    }

    #[test]
    fn a_huge_declared_length_is_refused_from_the_prefix() {
        let mut frames = Frames::new(100);
        frames.push(Bytes::from_static(&[0, 0x7f, 0xff, 0xff, 0xff]));
        assert_eq!(frames.check().map_err(|(code, _)| code), Err(Code::ResourceExhausted));
    }

    #[test]
    fn flags_other_than_zero_are_refused() {
        for flag in [1, 2, 0x80, 0xff] {
            let mut frames = Frames::new(100);
            frames.push(Bytes::copy_from_slice(&[flag]));
            assert_eq!(frames.check().map_err(|(code, _)| code), Err(Code::Internal));
        }
    }
}
