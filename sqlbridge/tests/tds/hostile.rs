//! Servers that stall, break off, lie and talk nonsense.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::Monitor;
use proptest::prelude::*;
use sqlbridge::{Error, Session};

use super::replay::{Reply, Server, columns, done, packet, packets};

fn rows(count: usize) -> Vec<u8> {
    let mut tokens = columns(&[("x", &[0x26, 4]), ("t", &[0xE7, 100, 0, 9, 4, 0xD0, 0, 52])]);
    for _ in 0..count {
        tokens.extend_from_slice(&[0xD1, 4, 1, 2, 3, 4, 4, 0, b'a', 0, b'b', 0]);
    }
    tokens.extend(done(0x10, count as u64));
    tokens
}

#[test]
fn a_server_that_says_nothing_is_given_up_in_time() {
    let server = Server::start(1, |_, _| Reply::Stall(Vec::new()));
    let mut connection = server.with("QueryTimeout=1").open().unwrap();
    let since = Instant::now();
    let message = connection.query("SELECT 1").unwrap_err().to_string();
    assert!(message.contains("nothing came for 1 seconds"), "{message}");
    assert!(since.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_pass_is_cancelled_while_the_server_is_silent() {
    let server = Server::start(1, |_, _| Reply::Stall(Vec::new()));
    let mut connection = server.database().open().unwrap();
    let monitor = Arc::new(Monitor::default());
    connection.watch(Arc::clone(&monitor));
    let cancelling = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        monitor.cancel();
    });
    assert!(matches!(connection.query("SELECT 1"), Err(Error::Engine(engine::Error::Cancelled))));
    cancelling.join().unwrap();
}

#[test]
fn an_answer_that_breaks_off_anywhere_is_an_error() {
    let whole = packets(&rows(3), 40);
    for end in 0..whole.len() {
        let bytes = whole[..end].to_vec();
        let server = Server::start(1, move |_, _| Reply::Close(bytes.clone()));
        let message = server.database().open().unwrap().query("SELECT").unwrap_err().to_string();
        assert!(
            message.contains("127.0.0.1") && message.contains("closed the connection"),
            "{end}: {message}"
        );
    }
}

#[test]
fn an_answer_of_another_protocol_is_told() {
    let server = Server::start(1, |_, _| Reply::Close(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()));
    let message = server.database().open().unwrap().query("SELECT").unwrap_err().to_string();
    assert!(message.contains("is this a SQL Server?"), "{message}");
}

#[test]
fn no_message_has_the_password() {
    let string = "Server=127.0.0.1,1;Uid=u;Pwd=geheim;Encrypt=no;LoginTimeout=1;ConnectRetryCount=0";
    let string = sqlbridge::ConnectionString::parse(string).unwrap();
    let server = sqlbridge::SqlServer::with_environment(&string, |_| None).unwrap();
    let shown = format!("{string:?} {server:?} {}", server.open().map(|_| ()).unwrap_err());
    assert!(!shown.contains("geheim"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn changed_bytes_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut tokens = rows(5);
        for (place, byte) in changes {
            let place = place.index(tokens.len());
            tokens[place] = byte;
        }
        let bytes = packet(&tokens);
        let server = Server::start(1, move |_, _| Reply::Close(bytes.clone()));
        let mut connection = server.with("QueryTimeout=5").open().unwrap();
        // any answer will do, but one there is
        let _ = connection.query("SELECT");
    }
}
