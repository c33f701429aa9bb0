//! Which characters the bytes of `char` and `varchar` are ([MS-TDS] 2.2.5.1.2; the code pages of Windows' locales and of
//! SQL Server's old sort orders).

use std::borrow::Cow;

use encoding_rs::Encoding;

/// A way of writing text in bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum CodePage {
    /// UTF-8, or a code page that is the same for what it is used for
    Known(&'static Encoding),
    /// A code page of DOS: the characters of 128 to 255
    Dos(&'static [char; 128]),
}

/// The flag of collations of UTF-8
const UTF8: u32 = 1 << 26;

impl CodePage {
    pub(super) const UTF8: Self = Self::Known(encoding_rs::UTF_8);

    /// The code page of a collation as it stands in the columns of an answer.
    pub(super) fn of(collation: [u8; 5]) -> Self {
        let [a, b, c, d, sort] = collation;
        let info = u32::from_le_bytes([a, b, c, d]);
        if info & UTF8 != 0 {
            return Self::UTF8;
        }
        match sort {
            0 => {}
            30..=35 => return Self::Dos(&CP437),
            40..=49 | 55..=61 => return Self::Dos(&CP850),
            sort => {
                if let Some(encoding) = sort_order(sort) {
                    return Self::Known(encoding);
                }
            }
        }
        Self::Known(locale(info & 0xFFFF))
    }

    /// Text of bytes that are not all ASCII. What is no character becomes the replacement character.
    pub(super) fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Known(encoding) => encoding.decode_without_bom_handling(bytes).0,
            Self::Dos(table) => Cow::Owned(
                bytes
                    .iter()
                    .map(|&byte| match byte.checked_sub(128) {
                        None => char::from(byte),
                        Some(high) => {
                            table.get(usize::from(high)).copied().unwrap_or(char::REPLACEMENT_CHARACTER)
                        }
                    })
                    .collect(),
            ),
        }
    }
}

fn sort_order(sort: u8) -> Option<&'static Encoding> {
    Some(match sort {
        50..=54 | 71..=75 | 183..=186 | 210..=217 => encoding_rs::WINDOWS_1252,
        80..=98 => encoding_rs::WINDOWS_1250,
        104..=108 => encoding_rs::WINDOWS_1251,
        112..=124 => encoding_rs::WINDOWS_1253,
        128..=130 => encoding_rs::WINDOWS_1254,
        136..=138 => encoding_rs::WINDOWS_1255,
        144..=146 => encoding_rs::WINDOWS_1256,
        152..=160 => encoding_rs::WINDOWS_1257,
        192 | 193 | 200 => encoding_rs::SHIFT_JIS,
        194 | 195 | 201 => encoding_rs::EUC_KR,
        196 | 197 | 202 => encoding_rs::BIG5,
        198 | 199 | 203 => encoding_rs::GBK,
        204..=206 => encoding_rs::WINDOWS_874,
        _ => return None,
    })
}

fn locale(lcid: u32) -> &'static Encoding {
    match lcid {
        0x041E => encoding_rs::WINDOWS_874,
        0x0411 => encoding_rs::SHIFT_JIS,
        0x0804 | 0x1004 => encoding_rs::GBK,
        0x0412 => encoding_rs::EUC_KR,
        0x0404 | 0x0C04 | 0x1404 => encoding_rs::BIG5,
        // Albanian, Croatian, Czech, Hungarian, Polish, Romanian, Serbian and Bosnian (Latin), Slovak, Slovenian, Turkmen
        0x041C | 0x041A | 0x0405 | 0x040E | 0x0415 | 0x0418 | 0x081A | 0x101A | 0x141A | 0x241A | 0x041B
        | 0x0424 | 0x0442 => encoding_rs::WINDOWS_1250,
        // Russian, Ukrainian, Belarusian, Bulgarian, Macedonian, Serbian and Bosnian (Cyrillic), Kazakh, Kyrgyz, Tatar,
        // Mongolian, Tajik, Bashkir, Yakut, Uzbek (Cyrillic)
        0x0419 | 0x0422 | 0x0423 | 0x0402 | 0x042F | 0x0C1A | 0x1C1A | 0x201A | 0x043F | 0x0440 | 0x0444
        | 0x0450 | 0x0428 | 0x046D | 0x0485 | 0x0843 | 0x082C => encoding_rs::WINDOWS_1251,
        0x0408 => encoding_rs::WINDOWS_1253,
        0x041F | 0x042C | 0x0443 => encoding_rs::WINDOWS_1254,
        0x040D => encoding_rs::WINDOWS_1255,
        // Arabic, Persian, Urdu, Uighur, Pashto, Dari
        0x0401 | 0x0801 | 0x0C01 | 0x1001 | 0x1401 | 0x1801 | 0x1C01 | 0x2001 | 0x2401 | 0x2801 | 0x2C01
        | 0x3001 | 0x3401 | 0x3801 | 0x3C01 | 0x4001 | 0x0429 | 0x0420 | 0x0480 | 0x0463 | 0x048C => {
            encoding_rs::WINDOWS_1256
        }
        0x0425..=0x0427 => encoding_rs::WINDOWS_1257,
        0x042A => encoding_rs::WINDOWS_1258,
        _ => encoding_rs::WINDOWS_1252,
    }
}

#[rustfmt::skip]
const CP437: [char; 128] = [
    'Ç', 'ü', 'é', 'â', 'ä', 'à', 'å', 'ç', 'ê', 'ë', 'è', 'ï', 'î', 'ì', 'Ä', 'Å',
    'É', 'æ', 'Æ', 'ô', 'ö', 'ò', 'û', 'ù', 'ÿ', 'Ö', 'Ü', '¢', '£', '¥', '₧', 'ƒ',
    'á', 'í', 'ó', 'ú', 'ñ', 'Ñ', 'ª', 'º', '¿', '⌐', '¬', '½', '¼', '¡', '«', '»',
    '░', '▒', '▓', '│', '┤', '╡', '╢', '╖', '╕', '╣', '║', '╗', '╝', '╜', '╛', '┐',
    '└', '┴', '┬', '├', '─', '┼', '╞', '╟', '╚', '╔', '╩', '╦', '╠', '═', '╬', '╧',
    '╨', '╤', '╥', '╙', '╘', '╒', '╓', '╫', '╪', '┘', '┌', '█', '▄', '▌', '▐', '▀',
    'α', 'ß', 'Γ', 'π', 'Σ', 'σ', 'µ', 'τ', 'Φ', 'Θ', 'Ω', 'δ', '∞', 'φ', 'ε', '∩',
    '≡', '±', '≥', '≤', '⌠', '⌡', '÷', '≈', '°', '∙', '·', '√', 'ⁿ', '²', '■', '\u{A0}',
];

#[rustfmt::skip]
const CP850: [char; 128] = [
    'Ç', 'ü', 'é', 'â', 'ä', 'à', 'å', 'ç', 'ê', 'ë', 'è', 'ï', 'î', 'ì', 'Ä', 'Å',
    'É', 'æ', 'Æ', 'ô', 'ö', 'ò', 'û', 'ù', 'ÿ', 'Ö', 'Ü', 'ø', '£', 'Ø', '×', 'ƒ',
    'á', 'í', 'ó', 'ú', 'ñ', 'Ñ', 'ª', 'º', '¿', '®', '¬', '½', '¼', '¡', '«', '»',
    '░', '▒', '▓', '│', '┤', 'Á', 'Â', 'À', '©', '╣', '║', '╗', '╝', '¢', '¥', '┐',
    '└', '┴', '┬', '├', '─', '┼', 'ã', 'Ã', '╚', '╔', '╩', '╦', '╠', '═', '╬', '¤',
    'ð', 'Ð', 'Ê', 'Ë', 'È', 'ı', 'Í', 'Î', 'Ï', '┘', '┌', '█', '▄', '¦', 'Ì', '▀',
    'Ó', 'ß', 'Ô', 'Ò', 'õ', 'Õ', 'µ', 'þ', 'Þ', 'Ú', 'Û', 'Ù', 'ý', 'Ý', '¯', '´',
    '\u{AD}', '±', '‗', '¾', '¶', '§', '÷', '¸', '°', '¨', '·', '¹', '³', '²', '■', '\u{A0}',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collations_have_their_code_pages() {
        // SQL_Latin1_General_CP1_CI_AS, Polish_CI_AS, a UTF-8 collation
        assert_eq!(CodePage::of([0x09, 0x04, 0xD0, 0x00, 52]), CodePage::Known(encoding_rs::WINDOWS_1252));
        assert_eq!(CodePage::of([0x15, 0x04, 0xD0, 0x00, 0]), CodePage::Known(encoding_rs::WINDOWS_1250));
        assert_eq!(CodePage::of([0x09, 0x04, 0xD0, 0x04, 0]), CodePage::Known(encoding_rs::UTF_8));
        assert_eq!(CodePage::of([0x09, 0x04, 0xD0, 0x00, 30]).decode(b"\x81ber"), "\u{fc}ber");
        assert_eq!(CodePage::of([0x09, 0x04, 0xD0, 0x00, 42]).decode(b"\x9b"), "\u{f8}");
    }
}
