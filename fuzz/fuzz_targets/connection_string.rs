//! Any text is a connection string or is refused; what is shown of it never has the password.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sqlbridge::{ConnectionString, Database, SqlServer};

const PASSWORD: &str = "geheimes-Wort-42";

fuzz_target!(|text: &str| {
    let string = match ConnectionString::parse(text) {
        Ok(string) => string,
        Err(error) => {
            let _ = error.to_string();
            return;
        }
    };
    let string = string.with("pwd", PASSWORD);
    assert!(!format!("{string:?}{}", string.redacted()).contains(PASSWORD));
    match SqlServer::with_environment(&string, |_| None) {
        Ok(server) => assert!(!format!("{server:?}{}", server.name()).contains(PASSWORD)),
        Err(error) => assert!(!error.to_string().contains(PASSWORD)),
    }
});
