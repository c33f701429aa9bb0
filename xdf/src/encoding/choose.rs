//! Which encoding a list of codes gets.
//!
//! What a reader pays for codes is bytes, which must come from a disk or through memory, and nanoseconds of
//! decoding. Every candidate is estimated in both, from exact counts that cost one fast pass (extremes, number of
//! runs) and from a sample of several stretches (how many bits codes and their differences need, how far zstd
//! shrinks them); the smallest sum wins, one byte being worth [`NANOSECONDS_A_BYTE`]. What zstd promises is believed
//! only after it was done. Neither the name nor the type of a column plays a part.

use crate::encoding::bitpack::{self, bits_of, mask};
use crate::encoding::codes::{for_each_plane, width_of};
use crate::encoding::word::{PIECE, Word};
use crate::encoding::{Codec, codec, frames, put_leaf, put_node, runs, tag};

/// How many nanoseconds of decoding a byte is worth, by compression level: at level 1 as with a disk of 250 MB/s,
/// doubled by each further level. At level 0 nothing is compressed, and bytes count little.
const NANOSECONDS_A_BYTE: [f64; 10] = [0.5, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];
/// Fewer codes than this are not worth a choice.
const FEW: usize = 64;
/// Stretches of a sample and codes of each.
const STRETCHES: usize = 4;
const STRETCH: usize = 2048;
/// Runs and differences are made of codes; so deep that happens.
const MAX_CASCADE: usize = 2;
/// Gaps and high bits of patches, which are few, are packed or plain, so that codes nest as deep as readers allow.
const FLAT: usize = MAX_CASCADE + 1;

/// Nanoseconds of decoding one code, one core of about 4 GHz; only their proportions matter.
mod nanoseconds {
    /// A byte of a plain code.
    pub(super) const PLAIN_BYTE: f64 = 0.04;
    /// A packed code.
    pub(super) const PACKED: f64 = 0.12;
    /// A packed code with a base of its piece.
    pub(super) const FRAMED: f64 = 0.16;
    /// A patched code.
    pub(super) const PATCH: f64 = 4.0;
    /// A difference.
    pub(super) const DIFFERENCE: f64 = 0.4;
    /// A run.
    pub(super) const RUN: f64 = 5.0;
    /// A byte that zstd makes.
    pub(super) const ZSTD_MADE: f64 = 0.3;
    /// A byte that zstd reads.
    pub(super) const ZSTD_READ: f64 = 0.5;
    /// A byte of a code that is joined from its bytes.
    pub(super) const JOINED: f64 = 0.15;
}

/// What a code costs: bytes and nanoseconds, on average.
#[derive(Clone, Copy, Debug)]
struct Cost {
    bytes: f64,
    nanoseconds: f64,
}

impl Cost {
    fn score(self, level: i32) -> f64 {
        let worth = usize::try_from(level).ok().and_then(|level| NANOSECONDS_A_BYTE.get(level));
        self.bytes + self.nanoseconds / worth.copied().unwrap_or(4.0)
    }

    /// Codes of `width` bytes under zstd, stored in `stored` bytes each.
    fn zstd(width: usize, stored: f64) -> Self {
        let made = nanoseconds::ZSTD_MADE * width as f64;
        Self { bytes: stored, nanoseconds: made + nanoseconds::ZSTD_READ * stored }
    }

    /// The same, byte by byte.
    fn split(width: usize, stored: f64) -> Self {
        let whole = Self::zstd(width, stored);
        Self { nanoseconds: whole.nanoseconds + nanoseconds::JOINED * width as f64, ..whole }
    }
}

/// An encoding of codes, without zstd.
#[derive(Clone, Copy, Debug)]
enum Plan {
    Plain,
    Packed { bits: usize },
    Patched { bits: usize },
    Frames,
    Delta { base: u64 },
    Runs,
}

/// Codes with the encoding that was chosen for them.
pub(crate) struct Chosen<'a, W: Word> {
    codes: &'a [u8],
    level: i32,
    cascade: usize,
    plan: Plan,
    /// The best plan but differences, and its score: what these promise is known from a sample only.
    instead: (Plan, f64),
    /// zstd is tried on whole codes, or on their bytes: it must beat this score.
    zstd: Option<(Layout, f64)>,
    word: std::marker::PhantomData<W>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Layout {
    Whole,
    Split,
}

/// Appends codes of `width` bytes (1, 2, 4 or 8) each.
pub(crate) fn put(out: &mut Vec<u8>, codes: &[u8], width: usize, level: i32) {
    put_below(out, codes, width, level, 0);
}

fn put_below(out: &mut Vec<u8>, codes: &[u8], width: usize, level: i32, cascade: usize) {
    match width {
        1 => Chosen::<u8>::of(codes, level, cascade).put(out),
        2 => Chosen::<u16>::of(codes, level, cascade).put(out),
        4 => Chosen::<u32>::of(codes, level, cascade).put(out),
        _ => Chosen::<u64>::of(codes, level, cascade).put(out),
    }
}

/// True when codes of `width` bytes get another encoding than their bytes, compressed or not.
pub(crate) fn encodes(codes: &[u8], width: usize, level: i32) -> bool {
    fn other<W: Word>(codes: &[u8], level: i32) -> bool {
        let chosen = Chosen::<W>::of(codes, level, 0);
        chosen.zstd.is_none() && !matches!(chosen.plan, Plan::Plain)
    }
    match width {
        1 => other::<u8>(codes, level),
        2 => other::<u16>(codes, level),
        4 => other::<u32>(codes, level),
        _ => other::<u64>(codes, level),
    }
}

impl<'a, W: Word> Chosen<'a, W> {
    fn of(codes: &'a [u8], level: i32, cascade: usize) -> Self {
        let words = W::split(codes);
        let mut chosen = Self {
            codes,
            level,
            cascade,
            plan: Plan::Plain,
            instead: (Plan::Plain, f64::MAX),
            zstd: (level > 0).then_some((Layout::Whole, f64::MAX)),
            word: std::marker::PhantomData,
        };
        if words.len() < FEW {
            return chosen;
        }
        let runs = runs::count::<W>(words);
        if runs == 1 {
            chosen.plan = Plan::Runs;
            chosen.zstd = None;
            return chosen;
        }
        let sample = Sample::<W>::of(words);
        let [(plan, cost), (instead, other)] = sample.best(words, runs, cascade, level);
        chosen.plan = plan;
        chosen.instead = (instead, other.score(level));
        chosen.zstd = None;
        if level > 0 && cascade < FLAT {
            let (layout, zstd) = sample.zstd(level);
            // Stretches shrink less than the whole, so zstd has a second chance when it is near.
            if zstd.score(level) < 1.15 * cost.score(level) {
                chosen.zstd = Some((layout, cost.score(level)));
            }
        }
        chosen
    }

    /// Appends the nodes.
    fn put(self, out: &mut Vec<u8>) {
        let count = self.codes.len() / W::WIDTH;
        match self.zstd {
            Some((Layout::Split, limit)) => {
                let start = out.len();
                self.put_split(out);
                if Cost::split(W::WIDTH, (out.len() - start) as f64 / count as f64).score(self.level) < limit
                {
                    return;
                }
                out.truncate(start);
            }
            Some((Layout::Whole, limit)) => {
                let taken = codec::with_compressed(self.level, self.codes, |compressed| {
                    let Some(compressed) = compressed else { return false };
                    let cost = Cost::zstd(W::WIDTH, compressed.len() as f64 / count as f64);
                    let pays = cost.score(self.level) < limit;
                    if pays {
                        put_node(out, tag::PLAIN, W::WIDTH, count, Codec::Zstd, compressed);
                    }
                    pays
                });
                if taken {
                    return;
                }
            }
            None => {}
        }
        let start = out.len();
        self.put_plan(out, self.plan);
        if let Plan::Delta { .. } = self.plan {
            let bytes = (out.len() - start) as f64 / count as f64;
            let cost = Cost { bytes, nanoseconds: nanoseconds::PACKED + nanoseconds::DIFFERENCE };
            let (instead, score) = self.instead;
            if cost.score(self.level) >= score {
                out.truncate(start);
                self.put_plan(out, instead);
            }
        }
    }

    fn put_plan(&self, out: &mut Vec<u8>, plan: Plan) {
        let words = W::split(self.codes);
        let count = words.len();
        match plan {
            Plan::Plain => put_node(out, tag::PLAIN, W::WIDTH, count, Codec::None, self.codes),
            Plan::Packed { bits } => bitpack::put::<W>(out, words, bits),
            Plan::Patched { bits } => self.put_patched(out, bits),
            Plan::Frames => frames::put::<W>(out, words),
            Plan::Delta { base } => self.put_delta(out, base),
            Plan::Runs => self.put_runs(out),
        }
    }

    fn put_split(&self, out: &mut Vec<u8>) {
        let count = self.codes.len() / W::WIDTH;
        put_node(out, tag::BYTE_SPLIT, W::WIDTH, count, Codec::None, &[]);
        for_each_plane(self.codes, W::WIDTH, |plane| put_leaf(out, tag::PLAIN, 1, count, plane, self.level));
    }

    fn put_runs(&self, out: &mut Vec<u8>) {
        let words = W::split(self.codes);
        let (values, lengths) = runs::find::<W>(words);
        if let [_] = lengths.as_slice() {
            put_node(out, tag::CONSTANT, W::WIDTH, words.len(), Codec::None, &values);
            return;
        }
        put_node(out, tag::RUN_LENGTH, W::WIDTH, words.len(), Codec::None, &[]);
        put_numbers(out, &lengths, self.level, self.cascade + 1);
        put_below(out, &values, W::WIDTH, self.level, self.cascade + 1);
    }

    fn put_delta(&self, out: &mut Vec<u8>, base: u64) {
        let words = W::split(self.codes);
        let mut payload = base.to_le_bytes().to_vec();
        let mut steps = Vec::with_capacity(self.codes.len());
        for piece in words.chunks(PIECE) {
            let Some(first) = piece.first() else { continue };
            payload.extend_from_slice(first.as_ref());
            steps.extend_from_slice(W::low(0).bytes().as_ref());
            let later = piece.get(1..).unwrap_or_default();
            for (before, code) in piece.iter().zip(later) {
                let step = W::of(*code).minus(W::of(*before)).minus(W::low(base));
                steps.extend_from_slice(step.bytes().as_ref());
            }
        }
        put_node(out, tag::DELTA, W::WIDTH, words.len(), Codec::None, &payload);
        put_below(out, &steps, W::WIDTH, self.level, MAX_CASCADE);
    }

    fn put_patched(&self, out: &mut Vec<u8>, bits: usize) {
        let words = W::split(self.codes);
        let (mut gaps, mut high, mut next) = (Vec::new(), Vec::new(), 0);
        for (row, code) in words.iter().enumerate() {
            let code = W::of(*code).wide();
            if code > mask(bits) {
                // Both fit: a block has at most 2^24 rows.
                gaps.push((row - next) as u32);
                next = row + 1;
                high.push(code >> bits);
            }
        }
        if gaps.is_empty() {
            bitpack::put::<W>(out, words, bits);
            return;
        }
        // A shift is below 64.
        put_node(out, tag::PATCHES, W::WIDTH, words.len(), Codec::None, &[bits as u8]);
        bitpack::put::<W>(out, words, bits);
        put_numbers(out, &gaps, self.level, FLAT);
        let width = width_of(high.iter().copied().max().unwrap_or_default()).max(1);
        let high = crate::encoding::codes::narrow(&high, width, |high| high);
        put_below(out, &high, width, self.level, FLAT);
    }
}

/// Appends numbers as codes of the width that they need.
fn put_numbers(out: &mut Vec<u8>, numbers: &[u32], level: i32, cascade: usize) {
    let width = width_of(numbers.iter().copied().max().unwrap_or_default().into()).max(1);
    put_below(out, &crate::encoding::codes::narrow(numbers, width, u64::from), width, level, cascade);
}

/// Stretches of codes and what they tell.
struct Sample<W: Word> {
    bytes: Vec<u8>,
    count: usize,
    /// How many codes need this many bits.
    bits: [usize; 65],
    /// Differences between neighbours, modulo the width.
    steps: Vec<W>,
}

impl<W: Word> Sample<W> {
    fn of(words: &[W::Bytes]) -> Self {
        let length = STRETCH.min(words.len().div_ceil(STRETCHES));
        let last = words.len() - length;
        let mut sample = Self {
            bytes: Vec::with_capacity(STRETCHES * length * W::WIDTH),
            count: 0,
            bits: [0; 65],
            steps: Vec::with_capacity(STRETCHES * length),
        };
        for stretch in 0..STRETCHES {
            let start = last * stretch / (STRETCHES - 1);
            let mut before: Option<W> = None;
            for code in words.iter().skip(start).take(length) {
                sample.bytes.extend_from_slice(code.as_ref());
                let code = W::of(*code);
                if let Some(place) = sample.bits.get_mut(bits_of(code.wide())) {
                    *place += 1;
                }
                sample.steps.extend(before.map(|before| code.minus(before)));
                before = Some(code);
                sample.count += 1;
            }
        }
        sample
    }

    /// The best plan without zstd, and the best without zstd and differences.
    fn best(&self, words: &[W::Bytes], runs: usize, cascade: usize, level: i32) -> [(Plan, Cost); 2] {
        let count = words.len() as f64;
        let width = W::WIDTH as f64;
        let plain = Cost { bytes: width, nanoseconds: nanoseconds::PLAIN_BYTE * width };
        let mut best = (Plan::Plain, plain);
        let consider = |best: &mut (Plan, Cost), plan, cost: Cost| {
            if cost.score(level) < best.1.score(level) {
                *best = (plan, cost);
            }
        };
        let ranges = frames::ranges::<W>(words);
        let max = ranges.iter().map(|(_, max)| *max).max().unwrap_or_default().wide();
        let (low, packed) = match cascade {
            FLAT => whole(bits_of(max)),
            _ => recounted::<W>(
                words,
                packed(&self.bits, self.count, bits_of(max), level),
                bits_of(max),
                level,
            ),
        };
        consider(&mut best, low, packed);
        if cascade < FLAT && words.len() > PIECE {
            let bytes = frames::stored_bytes(&ranges, words.len()) as f64 / count;
            consider(&mut best, Plan::Frames, Cost { bytes, nanoseconds: nanoseconds::FRAMED });
        }
        let runs = runs as f64 / count;
        if cascade < MAX_CASCADE && runs < 0.5 {
            let bits = packed.bytes + (2.0 - runs.log2()) / 8.0;
            let nanoseconds = nanoseconds::RUN * runs + nanoseconds::PLAIN_BYTE * width;
            consider(&mut best, Plan::Runs, Cost { bytes: runs * bits + 64.0 / count, nanoseconds });
        }
        let mut first = best;
        if cascade < MAX_CASCADE && words.len() > PIECE {
            let (base, bits) = self.step_bits();
            let steps = packed_at(&bits, self.steps.len(), level);
            let bytes = steps.bytes + width / PIECE as f64 + 64.0 / count;
            let nanoseconds = steps.nanoseconds + nanoseconds::DIFFERENCE;
            consider(&mut first, Plan::Delta { base }, Cost { bytes, nanoseconds });
        }
        [first, best]
    }

    /// A base below nearly all steps, and how many steps need this many bits above it.
    fn step_bits(&self) -> (u64, [usize; 65]) {
        // The order of differences: the negative ones, whose highest bit is set, come first.
        let sign = 1_u64 << (8 * W::WIDTH - 1);
        let rank = |step: &W| step.wide() ^ sign;
        let mut some: Vec<u64> = self.steps.iter().step_by(8).map(rank).collect();
        let low = some.len() / 64;
        let base = if some.is_empty() { sign } else { *some.select_nth_unstable(low).1 };
        let base = base ^ sign;
        let mut bits = [0; 65];
        for step in &self.steps {
            if let Some(place) = bits.get_mut(bits_of(step.minus(W::low(base)).wide())) {
                *place += 1;
            }
        }
        (base, bits)
    }

    /// What zstd makes of the sample: the better layout.
    fn zstd(&self, level: i32) -> (Layout, Cost) {
        let count = self.count as f64;
        let whole = codec::compressed_length(level, &self.bytes) as f64;
        let whole = (Layout::Whole, Cost::zstd(W::WIDTH, whole / count));
        if W::WIDTH == 1 {
            return whole;
        }
        let mut split = 0;
        for_each_plane(&self.bytes, W::WIDTH, |plane| split += codec::compressed_length(level, plane));
        let split = Cost::split(W::WIDTH, split as f64 / count);
        if split.score(level) < whole.1.score(level) { (Layout::Split, split) } else { whole }
    }
}

/// All codes in as many bits as the largest needs.
fn whole(bits: usize) -> (Plan, Cost) {
    let cost = Cost { bytes: bits as f64 / 8.0, nanoseconds: nanoseconds::PACKED };
    (Plan::Packed { bits: bits.max(1) }, cost)
}

/// What was found in a sample, with as many patches as there are: what is rare there may be frequent elsewhere.
fn recounted<W: Word>(words: &[W::Bytes], found: (Plan, Cost), most: usize, level: i32) -> (Plan, Cost) {
    let (Plan::Patched { bits }, _) = found else { return found };
    let patches = words.iter().filter(|code| W::of(**code) > W::low(mask(bits))).count().max(1);
    let cost = patched(bits, most, patches as f64 / words.len() as f64);
    let whole = whole(most);
    if cost.score(level) < whole.1.score(level) { (found.0, cost) } else { whole }
}

/// The cost of codes in so many bits, of which a share needs up to `most`.
fn patched(bits: usize, most: usize, share: f64) -> Cost {
    // All gaps take as many bits as the widest, which is some eight times the mean.
    let patch = (3.0 - share.log2() + (most - bits) as f64) / 8.0;
    let bytes = bits as f64 / 8.0 + share * patch;
    Cost { bytes, nanoseconds: nanoseconds::PACKED + nanoseconds::PATCH * share }
}

/// The best number of bits for codes of which `counts` need so many bits, the largest `most`.
fn packed(counts: &[usize; 65], count: usize, most: usize, level: i32) -> (Plan, Cost) {
    let mut best = whole(most);
    let mut more = 0;
    for bits in (1..most).rev() {
        more += counts.get(bits + 1).copied().unwrap_or_default();
        // As if one more code than the sample tells were patched: it knows little of what is rare.
        let share = (more + 1) as f64 / (count + 1) as f64;
        let cost = patched(bits, most, share);
        if cost.score(level) < best.1.score(level) {
            best = (Plan::Patched { bits }, cost);
        }
    }
    best
}

/// The cost of packed codes of which `counts` need so many bits.
fn packed_at(counts: &[usize; 65], count: usize, level: i32) -> Cost {
    let most = counts.iter().rposition(|count| *count > 0).unwrap_or_default();
    packed(counts, count, most, level).1
}

#[cfg(test)]
#[path = "choose_tests.rs"]
mod tests;
