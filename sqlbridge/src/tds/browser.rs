//! Where a named instance listens, asked of SQL Server Browser ([MC-SQLR]).

use std::net::{ToSocketAddrs, UdpSocket};
use std::time::Duration;

use crate::{Error, Result};

const PORT: u16 = 1434;
const TRIES: usize = 3;

/// The port of an instance.
pub(super) fn port(host: &str, instance: &str) -> Result<u16> {
    port_at(host, PORT, instance, Duration::from_secs(1))
}

fn port_at(host: &str, browser: u16, instance: &str, wait: Duration) -> Result<u16> {
    let failed = |reason: String| Error::Connection {
        server: format!("{host}\\{instance}"),
        doing: "asking SQL Server Browser for the port",
        reason: format!("{reason}; write Server={host},PORT to do without it"),
    };
    let ask = || -> std::io::Result<Vec<u8>> {
        let address = (host, browser)
            .to_socket_addrs()?
            .next()
            .ok_or_else(|| std::io::Error::other("the name has no address"))?;
        let socket = UdpSocket::bind(if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
        socket.connect(address)?;
        socket.set_read_timeout(Some(wait))?;
        let mut request = vec![4];
        request.extend_from_slice(instance.as_bytes());
        request.push(0);
        let mut answer = vec![0; 4096];
        let mut last = std::io::Error::other("no answer");
        for _ in 0..TRIES {
            socket.send(&request)?;
            match socket.recv(&mut answer) {
                Ok(bytes) => {
                    answer.truncate(bytes);
                    return Ok(answer);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    };
    let answer = ask().map_err(|error| failed(error.to_string()))?;
    parsed(&answer).ok_or_else(|| failed("its answer names no TCP port".into()))
}

/// `5, length, "ServerName;x;InstanceName;y;...;tcp;1433;;"`
fn parsed(answer: &[u8]) -> Option<u16> {
    let (&[5, _, _], text) = answer.split_first_chunk::<3>()? else { return None };
    let text = String::from_utf8_lossy(text);
    let mut parts = text.split(';');
    parts.find(|part| part.eq_ignore_ascii_case("tcp"))?;
    parts.next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_the_answer() {
        let browser = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = browser.local_addr().unwrap().port();
        let answering = std::thread::spawn(move || {
            let mut request = [0; 64];
            let (bytes, from) = browser.recv_from(&mut request).unwrap();
            assert_eq!(&request[..bytes], b"\x04sales\0");
            let text = b"ServerName;DB;InstanceName;sales;IsClustered;No;Version;16.0;tcp;50123;np;x;;";
            let mut answer = vec![5, u8::try_from(text.len()).unwrap(), 0];
            answer.extend_from_slice(text);
            browser.send_to(&answer, from).unwrap();
        });
        assert_eq!(port_at("127.0.0.1", port, "sales", Duration::from_secs(5)).unwrap(), 50_123);
        answering.join().unwrap();
    }

    #[test]
    fn an_answer_without_a_port_is_an_error() {
        for answer in [&b"\x05\0\0"[..], b"", b"\x05\0\0a;tcp;", b"\x05\0\0tcp;99999;"] {
            assert_eq!(parsed(answer), None);
        }
    }
}
