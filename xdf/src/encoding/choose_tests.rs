//! Whatever codes there are, at whatever level, they come back; and each encoding is chosen where it is made for.

use proptest::prelude::*;

use super::*;
use crate::encoding::Node;
use crate::encoding::codes::{CodeSlice, Codes, narrow};
use crate::encoding::describe::describe;
use crate::encoding::pieces::Pieces;
use crate::raw::wire::Cursor;

/// All codes, as the reader of numbers and as the reader of texts gets them.
fn read(segment: &[u8], count: usize, width: usize) -> Vec<u64> {
    let mut cursor = Cursor::new(segment);
    let pieces = Pieces::read(&mut cursor, count, width).unwrap();
    assert_eq!(cursor.remaining(), 0);
    let mut codes = Vec::new();
    pieces
        .for_each::<u64>(|piece| {
            codes.extend_from_slice(piece);
            Ok(())
        })
        .unwrap();
    if width <= 4 {
        let all = Codes::read(&mut Cursor::new(segment), count, width).unwrap();
        let all: Vec<u64> = match all.slice() {
            CodeSlice::Constant(code) => vec![code.into(); count],
            CodeSlice::U8(codes) => codes.iter().map(|code| (*code).into()).collect(),
            CodeSlice::U16(codes) => codes.iter().map(|code| u16::from_le_bytes(*code).into()).collect(),
            CodeSlice::U32(codes) => codes.iter().map(|code| u32::from_le_bytes(*code).into()).collect(),
        };
        assert_eq!(all, codes);
    }
    codes
}

fn written(codes: &[u64], width: usize, level: i32) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, &narrow(codes, width, |code| code), width, level);
    out
}

/// Codes by a rule, of a width.
fn codes(shape: u8, bits: usize, count: usize, seed: u64) -> Vec<u64> {
    let random = |row: u64| {
        let x = (seed ^ row).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 7 ^ x
    };
    let mask = mask(bits);
    let mut last = 0_u64;
    let rule = |row: u64| {
        last = match shape {
            0 => random(row),
            1 => random(row / 37),
            2 => last.wrapping_add(random(row) % 7),
            3 if random(row) % 50 == 0 => random(row + 1),
            3 => random(row) % 4,
            4 => row.wrapping_mul(3).wrapping_add(seed),
            _ => random(row % 5) ^ u64::from(row == seed % count as u64),
        };
        last & mask
    };
    (0..count as u64).map(rule).collect()
}

const COUNTS: [usize; 12] = [0, 1, 63, 64, 1000, 1023, 1024, 1025, 2048, 2049, 5000, 9000];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn codes_come_back(
        shape in 0..6_u8,
        bits in 1..=64_usize,
        count in prop::sample::select(COUNTS.as_slice()),
        seed in any::<u64>(),
        level in 0..4_i32,
    ) {
        let codes = codes(shape, bits, count, seed);
        let width = crate::encoding::codes::width_of_bits(bits);
        let out = written(&codes, width, level);
        prop_assert_eq!(read(&out, count, width), codes, "{}", describe(&out));
    }

    /// Every plan on every list: the choice may not decide whether values come back.
    #[test]
    fn every_plan_keeps_the_codes(
        shape in 0..6_u8,
        width in prop::sample::select([1_usize, 2, 4, 8].as_slice()),
        bits in 1..=64_usize,
        count in prop::sample::select(COUNTS.as_slice()),
        seed in any::<u64>(),
        low in 1..64_usize,
    ) {
        let codes = codes(shape, bits.min(8 * width), count, seed);
        let bytes = narrow(&codes, width, |code| code);
        let most = codes.iter().copied().max().map_or(1, |max| bits_of(max).max(1));
        let packed = Plan::Packed { bits: most };
        for plan in [packed, Plan::Patched { bits: low.min(8 * width - 1) }, Plan::Delta { base: seed }, Plan::Runs] {
            fn run<W: Word>(codes: &[u8], plan: Plan) -> Vec<u8> {
                let mut out = Vec::new();
                let word = std::marker::PhantomData;
                Chosen::<W> { codes, level: 1, cascade: 0, plan, instead: (plan, 0.0), zstd: None, word }.put(&mut out);
                out
            }
            let out = match width {
                1 => run::<u8>(&bytes, plan),
                2 => run::<u16>(&bytes, plan),
                4 => run::<u32>(&bytes, plan),
                _ => run::<u64>(&bytes, plan),
            };
            prop_assert_eq!(&read(&out, count, width), &codes, "{:?} {}", plan, describe(&out));
        }
    }

    /// Any byte of any encoding may be wrong: an error or other codes, but as many.
    #[test]
    fn damaged_codes_do_no_harm(
        shape in 0..6_u8,
        bits in 1..=64_usize,
        seed in any::<u64>(),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        level in 0..2_i32,
    ) {
        let codes = codes(shape, bits, 3000, seed);
        let width = crate::encoding::codes::width_of_bits(bits);
        let mut out = written(&codes, width, level);
        for (place, value) in places {
            // Heads and small payloads lie in front.
            let place = place.index(out.len().min(200));
            out[place] = value;
        }
        if let Ok(pieces) = Pieces::read(&mut Cursor::new(&out), 3000, width) {
            let mut count = 0;
            pieces.for_each::<u64>(|piece| { count += piece.len(); Ok(()) }).unwrap();
            prop_assert_eq!(count, 3000);
        }
    }
}

#[test]
fn each_encoding_is_chosen_for_what_it_is_made_for() {
    let rows = 20_000;
    let noise = |row: u64| (row.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32).pow(2) >> 24;
    let list = |rule: &dyn Fn(u64) -> u64| (0..rows).map(rule).collect::<Vec<u64>>();
    let cases = [
        ("constant", 4, list(&|_| 77)),
        ("5 bits packed", 1, list(&|row| noise(row) % 32)),
        ("11 bits packed", 2, list(&|row| noise(row) % 2048)),
        (
            "patches + 5 bits packed",
            2,
            list(&|row| if row % 97 == 5 { 40_000 + row % 9000 } else { noise(row) % 32 }),
        ),
        ("frames", 2, list(&|row| noise(row / 4096) % 60_000 + noise(row) % 500)),
        (
            "frames",
            4,
            list(&|row| if row / 5000 == 1 { (1 << 28) + noise(row) % 500 } else { noise(row) % 500 }),
        ),
        ("run length", 2, list(&|row| noise(row / 300) % 60_000)),
        ("delta + constant", 4, list(&|row| row * 13)),
        ("delta", 8, list(&|row| (row << 30) * 5 + noise(row) % 4)),
    ];
    for (expected, width, codes) in cases {
        for level in [0, 1] {
            let out = written(&codes, width, level);
            let text = describe(&out);
            assert!(text.starts_with(expected), "{expected} at level {level}: {text}");
            assert_eq!(read(&out, codes.len(), width), codes);
        }
    }
}

/// Gaps and high bits that would have patches themselves: those would nest deeper than readers follow.
#[test]
fn patches_have_no_patches() {
    let (mut codes, mut noise) = (Vec::new(), 1_u64);
    for patch in 0..4000 {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let gap = if patch % 60 == 0 { 2000 } else { noise >> 62 };
        codes.extend((0..gap).map(|row| row % 16));
        codes.push(if patch % 50 == 0 { noise >> 34 } else { 16 + (noise >> 40) % 32 });
    }
    let bytes = narrow(&codes, 4, |code| code);
    for level in [0, 1] {
        let (plan, word) = (Plan::Patched { bits: 4 }, std::marker::PhantomData);
        let mut out = Vec::new();
        Chosen::<u32> { codes: &bytes, level, cascade: 0, plan, instead: (plan, 0.0), zstd: None, word }
            .put(&mut out);
        let mut cursor = Cursor::new(&out);
        let tags: Vec<u8> = (0..4).map(|_| Node::next(&mut cursor).unwrap().tag).collect();
        assert_eq!(tags[..2], [tag::PATCHES, tag::BIT_PACKED]);
        assert!(tags[2..].iter().all(|tag| [tag::PLAIN, tag::BIT_PACKED].contains(tag)), "{tags:?}");
        assert_eq!(cursor.remaining(), 0);
        assert_eq!(read(&out, codes.len(), 4), codes);
    }
}
