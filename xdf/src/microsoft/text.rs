//! Stored bytes as text: UTF-8, else Windows-1252.
//!
//! Nothing in a file names its encoding, and every text in the files seen is ASCII. Most writers ran on Windows,
//! where R's texts are Windows-1252 in western locales and UTF-8 when marked so; valid UTF-8 beyond ASCII is
//! hardly ever Windows-1252 by accident. So each text is UTF-8 if it can be, and Windows-1252 otherwise, which
//! never fails: the five bytes without a meaning become the control characters of the same number, as browsers do
//! (WHATWG Encoding Standard, index windows-1252).

use std::borrow::Cow;

/// Characters of the bytes 0x80 to 0x9f; all others are their own number.
const HIGH_CONTROLS: [char; 32] = [
    '\u{20ac}', '\u{81}', '\u{201a}', '\u{192}', '\u{201e}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{2c6}',
    '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8d}', '\u{17d}', '\u{8f}', '\u{90}', '\u{2018}',
    '\u{2019}', '\u{201c}', '\u{201d}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{2dc}', '\u{2122}', '\u{161}',
    '\u{203a}', '\u{153}', '\u{9d}', '\u{17e}', '\u{178}',
];

/// Decodes one text.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|&byte| windows_1252(byte)).collect()),
    }
}

fn windows_1252(byte: u8) -> char {
    let place = usize::from(byte).checked_sub(0x80);
    place.and_then(|place| HIGH_CONTROLS.get(place)).copied().unwrap_or_else(|| char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn utf8_wins_over_windows_1252() {
        assert_eq!(decode(b"plain"), "plain");
        assert_eq!(decode("Zürich 東京".as_bytes()), "Zürich 東京");
        assert_eq!(decode(b""), "");
    }

    #[test]
    fn every_other_byte_is_windows_1252() {
        assert_eq!(decode(b"Z\xfcrich"), "Zürich");
        assert_eq!(decode(b"\x80\x9f\x85"), "€Ÿ…");
        assert_eq!(decode(b"\x81\xff"), "\u{81}ÿ");
        // UTF-8 that was cut in the middle of a character.
        assert_eq!(decode(b"Z\xc3"), "ZÃ");
    }
}
