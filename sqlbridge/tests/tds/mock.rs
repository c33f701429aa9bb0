//! Microsoft's own mock of a server, another program than ours at the other end: the login, and TLS in its three ways.
//!
//! `make sql-servers` installs it. Without `mssql-mock-tds` in the `PATH`, in cargo's folder or in `MSSQL_MOCK_TDS`, and
//! without `openssl` to make a certificate, there is nothing to talk to.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sqlbridge::{ConnectionString, Session, SqlServer};

struct Mock {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Mock {
    /// Starts the server with TLS `none`, `optional` or `strict`; `None` where it cannot be.
    fn start(tls: &str) -> Option<Self> {
        let program = program()?;
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
            .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
            .args(["-keyout", "key.pem", "-out", "cert.pem"])
            .current_dir(folder.path())
            .stderr(Stdio::null())
            .status();
        if !made.is_ok_and(|status| status.success()) {
            eprintln!("skipped: there is no openssl to make a certificate");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(program)
            .args(["-p", &port.to_string(), "-m", tls, "-c", "cert.pem", "-k", "key.pem"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mock = Self { child, port, folder };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "the mock does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(mock)
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// The one value of the query that the server knows, or the sentence of an error.
    fn ask(&self, more: &str) -> Result<usize, String> {
        let string = format!("Server=localhost,{};Uid=sa;Pwd=p;Database=master;{more}", self.port);
        let server =
            SqlServer::with_environment(&ConnectionString::parse(&string).unwrap(), |_| None).unwrap();
        let mut connection = server.open().map_err(|error| error.to_string())?;
        let batch = connection.query("SELECT 1").map_err(|error| error.to_string())?;
        // and the connection goes on
        assert_eq!(connection.query("SELECT 1").unwrap(), batch);
        Ok(batch.num_rows())
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Option<PathBuf> {
    let given = std::env::var_os("MSSQL_MOCK_TDS").map(PathBuf::from);
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cargo")));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(home.map(|home| home.join("bin")));
    let found = given
        .or_else(|| folders.map(|folder| folder.join("mssql-mock-tds")).find(|program| program.is_file()));
    if found.is_none() {
        eprintln!("skipped: mssql-mock-tds is not installed; make sql-servers installs it");
    }
    found
}

#[test]
fn a_server_without_tls_is_spoken_to_when_the_user_says_so() {
    let Some(mock) = Mock::start("none") else { return };
    assert_eq!(mock.ask("Encrypt=no"), Ok(1));
    assert!(mock.ask("").unwrap_err().contains("say Encrypt=no"));
}

#[test]
fn the_handshake_inside_packets_verifies_the_server() {
    let Some(mock) = Mock::start("optional") else { return };
    let pinned = format!("ServerCertificate={}", mock.certificate().display());
    assert_eq!(mock.ask(&pinned), Ok(1));
    assert_eq!(mock.ask("TrustServerCertificate=yes"), Ok(1));
    assert_eq!(mock.ask("Encrypt=no"), Ok(1));
    assert!(mock.ask("").unwrap_err().contains("certificate"));
}

#[test]
fn strict_connections_begin_with_tls() {
    let Some(mock) = Mock::start("strict") else { return };
    let pinned = format!("Encrypt=strict;ServerCertificate={}", mock.certificate().display());
    assert_eq!(mock.ask(&pinned), Ok(1));
    assert!(mock.ask("Encrypt=strict").unwrap_err().contains("certificate"));
    let another = Mock::start("strict").unwrap();
    let wrong = format!("Encrypt=strict;ServerCertificate={}", another.certificate().display());
    assert!(mock.ask(&wrong).unwrap_err().contains("another certificate"));
}
