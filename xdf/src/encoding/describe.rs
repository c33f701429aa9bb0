//! How a segment is encoded, for people: "masked + offset + patches + 7 bits packed".

#![deny(clippy::cast_possible_truncation)]

use crate::encoding::{Codec, Node, name, tag};
use crate::raw::wire::Cursor;

/// Deeper trees are no trees of ours.
const MAX_DEPTH: usize = 12;

/// The encodings from the outermost to the values: of a dictionary the codes, of runs their values, of patched codes
/// the low bits, of values split into bytes the first bytes.
pub(crate) fn describe(segment: &[u8]) -> String {
    tree(&mut Cursor::new(segment), 0).unwrap_or_else(|| "damaged".to_owned())
}

fn tree(cursor: &mut Cursor<'_>, depth: usize) -> Option<String> {
    let node = Node::next(cursor).ok().filter(|_| depth < MAX_DEPTH)?;
    let mut below = || tree(cursor, depth + 1);
    let inner = match node.tag {
        tag::OFFSET | tag::INTEGER_FLOAT | tag::DELTA | tag::FSST => Some(below()?),
        tag::MASKED | tag::RUN_LENGTH => {
            below()?;
            Some(below()?)
        }
        tag::ALP => {
            let integers = below()?;
            // With exceptions, which the last bytes of the payload count: their rows and values.
            if node.payload.split_last_chunk::<4>().is_some_and(|(_, exceptions)| *exceptions != [0; 4]) {
                below()?;
                below()?;
            }
            Some(integers)
        }
        tag::DICTIONARY => {
            let codes = below()?;
            below()?;
            Some(codes)
        }
        tag::TEXT => Some(format!("{} + {}", below()?, below()?)),
        tag::PATCHES => {
            let low = below()?;
            below()?;
            below()?;
            Some(low)
        }
        tag::BYTE_SPLIT => {
            let planes: Option<Vec<String>> = (0..node.width).map(|_| below()).collect();
            planes?.into_iter().next()
        }
        _ => None,
    };
    Some(match inner {
        Some(inner) => format!("{} + {inner}", name(node.tag)),
        None => leaf(&node),
    })
}

fn leaf(node: &Node<'_>) -> String {
    let zstd = if node.codec == Codec::Zstd { " zstd" } else { "" };
    match node.tag {
        tag::PLAIN => format!("{} bit{zstd}", 8 * node.width),
        tag::BIT_PACKED => format!("{} bits packed", node.payload.last().copied().unwrap_or_default()),
        other => format!("{}{zstd}", name(other)),
    }
}
