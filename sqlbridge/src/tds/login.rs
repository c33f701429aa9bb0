//! The login message ([MS-TDS] 2.2.6.4).

use super::options::{Login, Options};

/// Bytes of the part of fixed length, with the table of offsets.
const FIXED: usize = 94;
const VERSION_7_4: u32 = 0x7400_0004;
const UTF8_SUPPORT: u8 = 0x0A;
const FEDAUTH: u8 = 0x02;
const FEATURES_END: u8 = 0xFF;
/// Longest text of the table, in UTF-16 units.
pub(super) const LONGEST: usize = 128;

/// The message. `fedauth_echo`: the server has said that it wants a token.
pub(super) fn message(options: &Options, fedauth_echo: bool) -> Vec<u8> {
    let (user, password, token) = match &options.login {
        Login::Password { user, password } => (user.as_str(), password.as_str(), None),
        Login::Token(token) => ("", "", Some(token.as_str())),
    };
    let host_name = std::env::var("HOSTNAME").unwrap_or_else(|_| "client".into());
    let hidden: Vec<u8> = utf16(password).iter().map(|byte| byte.rotate_left(4) ^ 0xA5).collect();
    let mut fixed = vec![0; 36];
    put(&mut fixed, 4, &VERSION_7_4.to_le_bytes());
    put(&mut fixed, 8, &options.packet_size.to_le_bytes());
    // a failure to set the database or the language is an error; this is an ODBC-like driver, with its settings
    put(&mut fixed, 24, &[0xE0, 0x03, if options.read_only { 0x20 } else { 0 }, 0x10]);
    put(&mut fixed, 32, &0x0409_u32.to_le_bytes());

    let mut data = Vec::new();
    let extension = [0; 4];
    let fields: [&[u8]; 9] = [
        &utf16(&host_name),
        &utf16(user),
        &hidden,
        &utf16(&options.application),
        &utf16(&options.host),
        &extension,
        &utf16("rxdf"),
        &[],
        &utf16(&options.database),
    ];
    let mut extension_at = 0;
    for (index, field) in fields.into_iter().enumerate() {
        let field = field.get(..LONGEST * 2).unwrap_or(field);
        fixed.extend_from_slice(&short(FIXED + data.len()));
        // the length of the extension counts bytes, the others count characters
        fixed.extend_from_slice(&short(if index == 5 { field.len() } else { field.len() / 2 }));
        if index == 5 {
            extension_at = data.len();
        }
        data.extend_from_slice(field);
    }
    fixed.extend_from_slice(&[0; 6]); // no hardware address
    for _ in 0..3 {
        // no authentication by the system, no file, no new password
        fixed.extend_from_slice(&short(FIXED + data.len()));
        fixed.extend_from_slice(&[0; 2]);
    }
    fixed.extend_from_slice(&[0; 4]);
    let features = u32::try_from(FIXED + data.len()).unwrap_or(u32::MAX);
    put(&mut data, extension_at, &features.to_le_bytes());
    data.extend_from_slice(&[UTF8_SUPPORT, 1, 0, 0, 0, 1]);
    if let Some(token) = token {
        let token = utf16(token);
        let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes();
        data.push(FEDAUTH);
        data.extend_from_slice(&length(1 + 4 + token.len()));
        // library 1: the token itself
        data.push((1 << 1) | u8::from(fedauth_echo));
        data.extend_from_slice(&length(token.len()));
        data.extend_from_slice(&token);
    }
    data.push(FEATURES_END);
    fixed.extend_from_slice(&data);
    let length = u32::try_from(fixed.len()).unwrap_or(u32::MAX);
    put(&mut fixed, 0, &length.to_le_bytes());
    fixed
}

/// UTF-16, little-endian.
pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn short(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes()
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}
