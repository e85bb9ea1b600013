//! The Huffman code of RFC 7541 appendix B. It is canonical, so the lengths say all.

use std::sync::OnceLock;

/// Appends the decoded text to `out`; `false` where the bytes are no legal coding.
pub(crate) fn decode(bytes: &[u8], out: &mut Vec<u8>) -> bool {
    let tree = tree();
    let mut node = 0;
    let mut pad = 0; // bits since the last symbol, all ones so far?
    let mut ones = true;
    for byte in bytes {
        for shift in (0..8).rev() {
            let bit = byte >> shift & 1;
            ones &= bit == 1;
            pad += 1;
            match tree[node][usize::from(bit)] {
                Step::Symbol(symbol) => {
                    out.push(symbol);
                    (node, pad, ones) = (0, 0, true);
                }
                Step::Node(next) => node = next,
                Step::Nothing => return false,
            }
        }
    }
    pad < 8 && ones
}

/// Appends the coding of `text` to `out`.
pub(crate) fn encode(text: &[u8], out: &mut Vec<u8>) {
    let codes = codes();
    let (mut bits, mut count) = (0u64, 0u32);
    for byte in text {
        let (code, length) = codes[usize::from(*byte)];
        bits = bits << length | u64::from(code);
        count += length;
        while count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    if count > 0 {
        out.push((bits << (8 - count)) as u8 | (0xff >> count));
    }
}

#[derive(Clone, Copy)]
enum Step {
    Nothing,
    Node(usize),
    Symbol(u8),
}

fn codes() -> &'static [(u32, u32); 256] {
    static CODES: OnceLock<[(u32, u32); 256]> = OnceLock::new();
    CODES.get_or_init(|| {
        let mut symbols: Vec<u8> = (0..=255).collect();
        symbols.sort_by_key(|symbol| (LENGTHS[usize::from(*symbol)], *symbol));
        let mut codes = [(0, 0); 256];
        let (mut code, mut length) = (0u32, u32::from(LENGTHS[usize::from(symbols[0])]));
        for symbol in symbols {
            let wanted = u32::from(LENGTHS[usize::from(symbol)]);
            code <<= wanted - length;
            length = wanted;
            codes[usize::from(symbol)] = (code, length);
            code += 1;
        }
        codes
    })
}

fn tree() -> &'static [[Step; 2]] {
    static TREE: OnceLock<Vec<[Step; 2]>> = OnceLock::new();
    TREE.get_or_init(|| {
        let mut tree = vec![[Step::Nothing; 2]];
        for (symbol, (code, length)) in (0..=255u8).zip(codes()) {
            let mut node = 0;
            for shift in (1..*length).rev() {
                let bit = (code >> shift & 1) as usize;
                node = match tree[node][bit] {
                    Step::Node(next) => next,
                    _ => {
                        tree.push([Step::Nothing; 2]);
                        let next = tree.len() - 1;
                        tree[node][bit] = Step::Node(next);
                        next
                    }
                };
            }
            tree[node][(code & 1) as usize] = Step::Symbol(symbol);
        }
        tree
    })
}

const LENGTHS: [u8; 256] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28, 6, 10,
    10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6,
    7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23,
    21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22,
    22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28,
    27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27,
    26,
];
