//! Header compression, RFC 7541.
//!
//! The encoder writes literals without indexing (and exact hits of the static table by number), so a block means the same whatever came before it.
//! The decoder understands everything, within a bound on the size of the decoded list.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;

use crate::huffman;

/// One field of a header block.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    /// Lower-case in legal blocks.
    pub name: Bytes,
    /// As it is on the wire.
    pub value: Bytes,
}

impl Field {
    /// A field of these bytes.
    pub fn new(name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        Self { name: Bytes::copy_from_slice(name.as_ref()), value: Bytes::copy_from_slice(value.as_ref()) }
    }

    /// Whether the name is `name`.
    pub fn is(&self, name: &str) -> bool {
        self.name == name.as_bytes()
    }

    fn size(&self) -> usize {
        self.name.len() + self.value.len() + ENTRY_OVERHEAD
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name.escape_ascii(), self.value.escape_ascii())
    }
}

/// Encodes a block.
pub fn encode(fields: &[Field]) -> Vec<u8> {
    let mut out = Vec::with_capacity(fields.iter().map(|field| field.name.len() + field.value.len() + 4).sum());
    for field in fields {
        let hit = STATIC.iter().position(|(name, value)| field.is(name) && field.value == value.as_bytes());
        match hit {
            Some(place) => integer(place + 1, 7, 0x80, &mut out),
            None => literal(field, &mut out),
        }
    }
    out
}

/// Encodes one field with Huffman-coded strings and into the dynamic table, for blocks that must exercise a decoder.
pub fn encode_indexed(field: &Field, out: &mut Vec<u8>) {
    out.push(0x40);
    for text in [&field.name, &field.value] {
        let mut coded = Vec::new();
        huffman::encode(text, &mut coded);
        integer(coded.len(), 7, 0x80, out);
        out.extend_from_slice(&coded);
    }
}

fn literal(field: &Field, out: &mut Vec<u8>) {
    out.push(0x00);
    for text in [&field.name, &field.value] {
        integer(text.len(), 7, 0x00, out);
        out.extend_from_slice(text);
    }
}

fn integer(value: usize, prefix: u32, pattern: u8, out: &mut Vec<u8>) {
    let limit = (1usize << prefix) - 1;
    if value < limit {
        out.push(pattern | value as u8);
        return;
    }
    out.push(pattern | limit as u8);
    let mut rest = value - limit;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Decodes the blocks of one direction of a connection, in order.
#[derive(Debug)]
pub struct Decoder {
    table: VecDeque<Field>,
    size: usize,
    capacity: usize,
    offered: usize,
    limit: usize,
}

impl Decoder {
    /// A decoder that offered a dynamic table of `table` bytes and takes lists of up to `limit` bytes.
    pub fn new(table: usize, limit: usize) -> Self {
        Self { table: VecDeque::new(), size: 0, capacity: table, offered: table, limit }
    }

    /// Decodes a whole block.
    ///
    /// # Errors
    /// Where the bytes are no legal block, or say more than the limit. After an error the connection cannot be read on.
    pub fn decode(&mut self, block: &[u8]) -> Result<Vec<Field>, BadBlock> {
        let mut fields = Vec::new();
        let mut total = 0;
        let mut rest = block;
        while let Some(first) = rest.first().copied() {
            let field = if first & 0x80 != 0 {
                self.entry(read_integer(&mut rest, 7)?)?
            } else if first & 0x40 != 0 {
                let field = self.literal(&mut rest, 6)?;
                self.insert(field.clone());
                field
            } else if first & 0x20 != 0 {
                self.resize(read_integer(&mut rest, 5)?)?;
                continue;
            } else {
                self.literal(&mut rest, 4)?
            };
            total += field.size();
            if total > self.limit {
                return Err(BadBlock::TooLarge { limit: self.limit });
            }
            fields.push(field);
        }
        Ok(fields)
    }

    fn literal(&self, rest: &mut &[u8], prefix: u32) -> Result<Field, BadBlock> {
        let place = read_integer(rest, prefix)?;
        let name = if place == 0 { read_text(rest, self.limit)? } else { self.entry(place)?.name };
        Ok(Field { name, value: read_text(rest, self.limit)? })
    }

    fn entry(&self, place: usize) -> Result<Field, BadBlock> {
        let bad = BadBlock::NoSuchEntry { place };
        let Some(below) = place.checked_sub(1) else { return Err(bad) };
        match STATIC.get(below) {
            Some((name, value)) => Ok(Field { name: Bytes::from_static(name.as_bytes()), value: Bytes::from_static(value.as_bytes()) }),
            None => self.table.get(below - STATIC.len()).cloned().ok_or(bad),
        }
    }

    fn insert(&mut self, field: Field) {
        self.size += field.size();
        self.table.push_front(field);
        self.evict();
    }

    fn resize(&mut self, capacity: usize) -> Result<(), BadBlock> {
        if capacity > self.offered {
            return Err(BadBlock::TableTooLarge { asked: capacity, offered: self.offered });
        }
        self.capacity = capacity;
        self.evict();
        Ok(())
    }

    fn evict(&mut self) {
        while self.size > self.capacity {
            let Some(oldest) = self.table.pop_back() else { break };
            self.size -= oldest.size();
        }
    }
}

fn read_integer(rest: &mut &[u8], prefix: u32) -> Result<usize, BadBlock> {
    let mut take = || {
        let (first, left) = rest.split_first().ok_or(BadBlock::CutShort)?;
        *rest = left;
        Ok(usize::from(*first))
    };
    let limit = (1usize << prefix) - 1;
    let mut value = take()? & limit;
    if value < limit {
        return Ok(value);
    }
    for shift in [0, 7, 14, 21] {
        let byte = take()?;
        value += (byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(BadBlock::IntegerTooLarge)
}

fn read_text(rest: &mut &[u8], limit: usize) -> Result<Bytes, BadBlock> {
    let coded = rest.first().is_some_and(|first| first & 0x80 != 0);
    let length = read_integer(rest, 7)?;
    if length > limit {
        return Err(BadBlock::TooLarge { limit });
    }
    let (text, left) = rest.split_at_checked(length).ok_or(BadBlock::CutShort)?;
    *rest = left;
    if !coded {
        return Ok(Bytes::copy_from_slice(text));
    }
    let mut out = Vec::with_capacity(text.len() * 8 / 5);
    if huffman::decode(text, &mut out) { Ok(out.into()) } else { Err(BadBlock::BadHuffman) }
}

/// Why a header block cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBlock {
    /// It ends inside a field.
    #[error("header block ends in the middle of a field")]
    CutShort,
    /// A number has more than 28 bits.
    #[error("header block holds a number of more than 28 bits")]
    IntegerTooLarge,
    /// A string is no Huffman coding.
    #[error("header block holds a string that is no legal Huffman coding")]
    BadHuffman,
    /// Neither table has the entry.
    #[error("header block names table entry {place}, which does not exist")]
    NoSuchEntry {
        /// The entry's number.
        place: usize,
    },
    /// The encoder wants a larger table than was offered.
    #[error("header block asks for a table of {asked} bytes where {offered} were offered")]
    TableTooLarge {
        /// What it asks for.
        asked: usize,
        /// What SETTINGS offered.
        offered: usize,
    },
    /// The decoded list is too large.
    #[error("header block decodes to more than {limit} bytes")]
    TooLarge {
        /// The bound.
        limit: usize,
    },
}

/// What RFC 7541 section 4.1 adds to the length of each field.
const ENTRY_OVERHEAD: usize = 32;

/// RFC 7541 appendix A.
const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields() -> impl Strategy<Value = Vec<Field>> {
        let name = "[a-z][a-z0-9-]{0,20}|:path|:status|content-type";
        let value = proptest::collection::vec(any::<u8>(), 0..60);
        proptest::collection::vec((name, value).prop_map(|(name, value)| Field::new(name, value)), 0..12)
    }

    fn decoder() -> Decoder {
        Decoder::new(4096, 1 << 20)
    }

    proptest! {
        #[test]
        fn a_block_decodes_to_what_was_encoded(fields in fields()) {
            prop_assert_eq!(decoder().decode(&encode(&fields)), Ok(fields));
        }

        #[test]
        fn indexed_and_huffman_coded_blocks_decode_in_sequence(blocks in proptest::collection::vec(fields(), 1..5)) {
            let mut decoder = decoder();
            for fields in blocks {
                let mut block = Vec::new();
                fields.iter().for_each(|field| encode_indexed(field, &mut block));
                prop_assert_eq!(decoder.decode(&block), Ok(fields));
            }
        }

        #[test]
        fn an_independent_decoder_agrees(fields in fields()) {
            let mut block = encode(&fields);
            fields.iter().for_each(|field| encode_indexed(field, &mut block));
            let theirs = fluke_hpack::Decoder::new().decode(&block).unwrap();
            let ours = decoder().decode(&block).unwrap();
            prop_assert_eq!(ours, theirs.iter().map(|(name, value)| Field::new(name, value)).collect::<Vec<_>>());
        }

        #[test]
        fn an_independent_encoder_is_understood(blocks in proptest::collection::vec(fields(), 1..5)) {
            let mut encoder = fluke_hpack::Encoder::new();
            let mut decoder = decoder();
            for fields in blocks {
                let block = encoder.encode(fields.iter().map(|field| (&field.name[..], &field.value[..])));
                prop_assert_eq!(decoder.decode(&block), Ok(fields));
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(block in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decoder().decode(&block);
        }
    }

    #[test]
    fn a_bomb_is_bounded() {
        let mut block = Vec::new();
        encode_indexed(&Field::new("x", vec![b'a'; 3000]), &mut block);
        block.extend(std::iter::repeat_n(0xbe, 10_000)); // the entry just made, ten thousand times
        assert_eq!(Decoder::new(4096, 64 * 1024).decode(&block), Err(BadBlock::TooLarge { limit: 64 * 1024 }));
    }

    #[test]
    fn the_rfc_example_decodes() {
        // RFC 7541 appendix C.4.1
        let block = [0x82, 0x86, 0x84, 0x41, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
        let fields = decoder().decode(&block).unwrap();
        assert_eq!(fields[3], Field::new(":authority", "www.example.com"));
    }
}
