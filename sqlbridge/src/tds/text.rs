//! Characters.

/// Eight bytes of UTF-16 that are four characters of ASCII have none of these bits.
const NOT_ASCII: u64 = 0xFF80_FF80_FF80_FF80;

/// Appends UTF-16, little-endian, as UTF-8. Halves of characters become the replacement character; a mark of the byte
/// order at the front is left out.
pub(super) fn utf16(bytes: &[u8], text: &mut Vec<u8>) {
    text.reserve(bytes.len() / 2);
    let (quads, rest) = bytes.as_chunks::<8>();
    let mut ascii = 0;
    for quad in quads {
        if u64::from_le_bytes(*quad) & NOT_ASCII != 0 {
            break;
        }
        let [a, _, b, _, c, _, d, _] = *quad;
        text.extend_from_slice(&[a, b, c, d]);
        ascii += 8;
    }
    let rest = if ascii == quads.len() * 8 { rest } else { bytes.get(ascii..).unwrap_or_default() };
    let units = rest.as_chunks::<2>().0.iter().map(|&unit| u16::from_le_bytes(unit));
    let mut buffer = [0; 4];
    for (index, character) in char::decode_utf16(units).enumerate() {
        let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
        if ascii == 0 && index == 0 && character == '\u{FEFF}' {
            continue;
        }
        text.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
    }
}

/// Appends an identifier as text, in lower case (RFC 9562); its first three groups are little-endian.
pub(super) fn guid(bytes: [u8; 16], text: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    for (place, index) in ORDER.into_iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push(b'-');
        }
        let byte = bytes.get(index).copied().unwrap_or_default();
        for digit in [byte >> 4, byte & 15] {
            text.push(DIGITS.get(usize::from(digit)).copied().unwrap_or(b'?'));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> String {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut out = Vec::new();
        utf16(&bytes, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn utf_16_becomes_utf_8() {
        for text in ["", "a", "abcd", "abcde", "Zürich", "abcdefgh\u{1F600}ijkl", "\u{10FFFF}", "日本語"]
        {
            assert_eq!(round(text), text);
        }
        assert_eq!(round("\u{FEFF}<x/>"), "<x/>");
        let mut out = Vec::new();
        utf16(&[0x3D, 0xD8, b'a', 0, 7], &mut out);
        assert_eq!(out, "\u{FFFD}a".as_bytes());
    }

    #[test]
    fn identifiers_are_written_in_groups() {
        let mut out = Vec::new();
        guid(
            [0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF],
            &mut out,
        );
        assert_eq!(out, b"00112233-4455-6677-8899-aabbccddeeff");
    }
}
