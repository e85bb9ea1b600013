//! The frame of a gRPC message: one flag byte, four bytes of length, the message (PROTOCOL-HTTP2, 'Length-Prefixed-Message').

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Length of the prefix.
pub const PREFIX: usize = 5;

/// A message with its prefix; `declared` stands in for the true length where it should lie.
pub fn frame(flag: u8, declared: Option<u32>, message: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(PREFIX + message.len());
    out.put_u8(flag);
    out.put_u32(declared.unwrap_or(message.len() as u32));
    out.put_slice(message);
    out.freeze()
}

/// A message that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// 0 plain, 1 compressed; others are illegal.
    pub flag: u8,
    /// The bytes, still compressed if they were.
    pub data: Bytes,
}

/// Cuts the body of a stream into messages. Memory is bounded by what has arrived.
#[derive(Debug, Default)]
pub struct MessageReader {
    buffer: BytesMut,
}

impl MessageReader {
    /// Adds bytes of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message.
    pub fn next_message(&mut self) -> Option<Message> {
        let (flag, length) = self.prefix()?;
        if self.buffer.len() < PREFIX + length {
            return None;
        }
        self.buffer.advance(PREFIX);
        Some(Message { flag, data: self.buffer.split_to(length).freeze() })
    }

    /// Flag and declared length of the message under way.
    pub fn prefix(&self) -> Option<(u8, usize)> {
        let [flag, length @ ..] = *self.buffer.first_chunk::<PREFIX>()?;
        Some((flag, u32::from_be_bytes(length) as usize))
    }

    /// Bytes that are no whole message.
    pub fn rest(&self) -> usize {
        self.buffer.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn messages_survive_any_cut(messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..6), cut in 1usize..20) {
            let body: Vec<u8> = messages.iter().flat_map(|message| frame(0, None, message)).collect();
            let mut reader = MessageReader::default();
            let mut read = Vec::new();
            for piece in body.chunks(cut) {
                reader.push(piece);
                read.extend(std::iter::from_fn(|| reader.next_message()).map(|message| message.data.to_vec()));
            }
            prop_assert_eq!(read, messages);
            prop_assert_eq!(reader.rest(), 0);
        }
    }

    #[test]
    fn a_declared_length_takes_no_memory() {
        let mut reader = MessageReader::default();
        reader.push(&frame(0, Some(0x8000_0000), b"x"));
        assert_eq!(reader.next_message(), None);
        assert_eq!((reader.prefix(), reader.rest()), (Some((0, 0x8000_0000)), 6));
    }
}
