//! Reads message prefixes as they pass, so that a bad one is refused before its payload arrives.

use bytes::Bytes;
use tonic::Status;

use crate::policy::MessagePolicy;

/// Follows the messages of a request stream.
#[derive(Debug)]
pub(crate) struct Scanner {
    limit: usize,
    encoding: Option<String>,
    prefix: [u8; PREFIX],
    prefix_len: usize,
    payload_left: usize,
    messages: usize,
}

impl Scanner {
    pub(crate) fn new(limit: usize, encoding: Option<String>) -> Self {
        Self { limit, encoding, prefix: [0; PREFIX], prefix_len: 0, payload_left: 0, messages: 0 }
    }

    /// How many messages have begun whose prefix is complete.
    pub(crate) fn messages(&self) -> usize {
        self.messages
    }

    /// Not within a message.
    pub(crate) fn is_between(&self) -> bool {
        self.prefix_len == 0 && self.payload_left == 0
    }

    /// Follows `data` and gives how much of it is good: all, or the part before a prefix that is refused.
    pub(crate) fn follow(&mut self, data: &Bytes, policy: &dyn MessagePolicy) -> Result<(), (usize, Status)> {
        let mut at = 0;
        while at < data.len() {
            if self.payload_left > 0 {
                let step = self.payload_left.min(data.len() - at);
                self.payload_left -= step;
                at += step;
                continue;
            }
            let start = at - self.prefix_len.min(at);
            while self.prefix_len < PREFIX && at < data.len() {
                self.prefix[self.prefix_len] = data[at];
                self.prefix_len += 1;
                at += 1;
            }
            if self.prefix_len == PREFIX {
                self.judge(policy).map_err(|status| (start, status))?;
            }
        }
        Ok(())
    }

    fn judge(&mut self, policy: &dyn MessagePolicy) -> Result<(), Status> {
        let [flag, a, b, c, d] = self.prefix;
        let size = u32::from_be_bytes([a, b, c, d]) as usize;
        match flag {
            0 => {}
            1 => return Err(self.compressed()),
            _ => return Err(Status::internal(format!("the message flag {flag} is neither 0 nor 1"))),
        }
        policy.size(size, self.limit)?;
        self.prefix_len = 0;
        self.payload_left = size;
        self.messages += 1;
        Ok(())
    }

    fn compressed(&self) -> Status {
        match self.encoding.as_deref() {
            None | Some("identity") => Status::internal("a message is flagged as compressed without a grpc-encoding"),
            Some(encoding) => {
                let mut status = Status::unimplemented(format!("the message encoding {encoding} is not supported"));
                status.metadata_mut().insert("grpc-accept-encoding", tonic::metadata::MetadataValue::from_static("identity"));
                status
            }
        }
    }
}

/// How many of these bytes are whole messages of at most `limit` bytes each, from the beginning.
pub(crate) fn within(messages: &[u8], limit: usize) -> usize {
    let mut good = 0;
    while let Some(&[_, a, b, c, d]) = messages.get(good..good + PREFIX) {
        let size = u32::from_be_bytes([a, b, c, d]) as usize;
        if size > limit {
            break;
        }
        good += PREFIX + size;
    }
    good
}

/// Flag byte and length.
pub(crate) const PREFIX: usize = 5;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tonic::Code;

    use super::*;
    use crate::policy::Reference;

    fn message(payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0];
        bytes.extend((payload.len() as u32).to_be_bytes());
        bytes.extend(payload);
        bytes
    }

    #[test]
    fn a_message_above_the_limit_is_refused_from_its_prefix() {
        let mut scanner = Scanner::new(3, None);
        let mut bytes = message(b"abc");
        bytes.extend([0, 0xff, 0xff, 0xff, 0xff]);
        let (good, status) = scanner.follow(&bytes.into(), &Reference).unwrap_err();
        assert_eq!((good, status.code()), (8, Code::ResourceExhausted));
    }

    #[test]
    fn flags_are_judged() {
        let refused = |flag, encoding: Option<&str>| {
            let mut scanner = Scanner::new(3, encoding.map(str::to_owned));
            scanner.follow(&Bytes::from(vec![flag, 0, 0, 0, 0]), &Reference).unwrap_err().1.code()
        };
        assert_eq!(refused(2, None), Code::Internal);
        assert_eq!(refused(1, None), Code::Internal);
        assert_eq!(refused(1, Some("identity")), Code::Internal);
        assert_eq!(refused(1, Some("foo")), Code::Unimplemented);
    }

    #[test]
    fn messages_up_to_the_limit_are_counted() {
        let bytes: Vec<u8> = [message(b"abc"), message(b"de"), message(b"abcd"), message(b"")].concat();
        assert_eq!((within(&bytes, 3), within(&bytes, 4), within(&bytes, 2)), (15, bytes.len(), 0));
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..5), cut in 1usize..7) {
            let bytes: Vec<u8> = payloads.iter().flat_map(|payload| message(payload)).collect();
            let mut scanner = Scanner::new(20, None);
            for piece in bytes.chunks(cut) {
                scanner.follow(&Bytes::copy_from_slice(piece), &Reference).unwrap();
            }
            prop_assert!(scanner.is_between());
            prop_assert_eq!(scanner.messages(), payloads.len());
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), cut in 1usize..9) {
            let mut scanner = Scanner::new(20, None);
            for piece in bytes.chunks(cut) {
                if let Err((good, _)) = scanner.follow(&Bytes::copy_from_slice(piece), &Reference) {
                    prop_assert!(good <= piece.len());
                    break;
                }
            }
        }
    }
}
