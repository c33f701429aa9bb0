//! A connection to a SQL Server: login, statements, answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use arrow_select::concat::concat_batches;
use engine::Monitor;
use rustls::pki_types::ServerName;

use super::answer::{Answer, Event};
use super::login;
use super::options::{Encrypt, Login, Options};
use super::packet::{Kind, Packets};
use super::prelogin::{self, Encryption};
use super::rows::Rows;
use super::stream::Stream;
use super::token::Token;
use super::{browser, tls};
use crate::{Dialect, Error, Result, RowReader, Session};

/// How long the server may take to confirm that it stopped.
const STOPPING: Duration = Duration::from_secs(5);
/// Rows of a batch of a small answer.
const SMALL: usize = 65_536;
/// `Latin1_General_CI_AS`, where the server does not say.
const LATIN1: [u8; 5] = [0x09, 0x04, 0xD0, 0x00, 0x34];
/// Errors of a server that is not ready, after which another try makes sense (Azure SQL's list).
const TRANSIENT: [u32; 12] =
    [4060, 4221, 10_928, 10_929, 40_197, 40_501, 40_613, 40_615, 49_918, 49_919, 49_920, 615];

/// One connection to a SQL Server.
pub struct Connection {
    packets: Packets,
    database: String,
    collation: [u8; 5],
    /// The server's name for the transaction at hand; 0 for none.
    transaction: [u8; 8],
}

impl Connection {
    /// Connects and logs in, again after errors that pass.
    pub(super) fn open(options: &Options) -> Result<Self> {
        let mut tries = 0;
        loop {
            match Self::open_once(options) {
                Err(Error::Server { code, .. })
                    if tries < options.retries
                        && code.parse().is_ok_and(|code| TRANSIENT.contains(&code)) =>
                {
                    tries += 1;
                    std::thread::sleep(options.retry_interval);
                }
                other => return other,
            }
        }
    }

    fn open_once(options: &Options) -> Result<Self> {
        let mut options = options.clone();
        // Azure SQL sends those who come through its gateway on to another server, once
        for _ in 0..2 {
            match Self::login(&options)? {
                Ok(connection) => return Ok(connection),
                Err((host, port)) => {
                    options.host = host;
                    options.port = Some(port);
                    options.instance = None;
                }
            }
        }
        Err(Error::Connection {
            server: options.name(),
            doing: "logging in",
            reason: "the server sends its clients on to another server again and again".into(),
        })
    }

    /// A connection, or where to go instead.
    fn login(options: &Options) -> Result<Result<Self, (String, u16)>> {
        let name = options.name();
        let failed =
            |doing: &'static str, reason: String| Error::Connection { server: name.clone(), doing, reason };
        let deadline = Instant::now() + options.login_timeout;
        let left = || deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let port = match (&options.instance, options.port) {
            (_, Some(port)) => port,
            (Some(instance), None) => browser::port(&options.host, instance)?,
            (None, None) => 1433,
        };
        let stream = Stream::connect(&options.host, port, options.login_timeout).map_err(|error| {
            failed(
                "connecting",
                format!("{error}; is the server running, and does it listen to TCP on port {port}?"),
            )
        })?;
        let mut packets = Packets::new(stream, name.clone());
        packets.set_timeout(Some(options.login_timeout));
        let certificate_name = || {
            ServerName::try_from(options.certificate_name.clone())
                .map_err(|error| failed("TLS", format!("'{}' is no name: {error}", options.certificate_name)))
        };
        let encrypt = |packets: &mut Packets, strict: bool| -> Result<()> {
            let config = tls::config(&options.trust, strict)?;
            packets.stream.encrypt(config, certificate_name()?, strict, left()).map_err(|error| {
                failed(
                    "setting up TLS",
                    format!(
                        "{error}; if you trust this server whatever it shows, say TrustServerCertificate=yes, or name its \
                         certificate by ServerCertificate=FILE"
                    ),
                )
            })
        };
        if options.encrypt == Encrypt::Strict {
            encrypt(&mut packets, true)?;
        }
        let token = matches!(options.login, Login::Token(_));
        packets
            .send(Kind::PreLogin, &prelogin::message(options.encrypt, options.instance.as_deref(), token))?;
        while packets.fill()? {}
        let answer = prelogin::answer(packets.resident())
            .ok_or_else(|| packets.broken("it is no answer to a prelogin; is this a SQL Server?"))?;
        match (options.encrypt, answer.encryption) {
            (Encrypt::Strict, _) | (Encrypt::No, Encryption::Absent) => {}
            (Encrypt::Yes | Encrypt::No, Encryption::All | Encryption::LoginOnly) => {
                encrypt(&mut packets, false)?;
            }
            (Encrypt::Yes, Encryption::Absent) => {
                return Err(failed(
                    "logging in",
                    "the server does not encrypt; say Encrypt=no to send the password and all data in the clear".into(),
                ));
            }
        }
        packets.send(Kind::Login, &login::message(options, answer.fedauth))?;
        if options.encrypt == Encrypt::No && answer.encryption == Encryption::LoginOnly {
            packets.stream.decrypt();
        }
        let mut connection =
            Self { packets, database: options.database.clone(), collation: LATIN1, transaction: [0; 8] };
        let sent_on = connection.logged_in(options)?;
        connection.packets.set_timeout(options.query_timeout);
        Ok(match sent_on {
            Some(address) => Err(address),
            None => Ok(connection),
        })
    }

    /// Reads the answer to the login, and gives the address of another server that it may name.
    fn logged_in(&mut self, options: &Options) -> Result<Option<(String, u16)>> {
        let mut accepted = false;
        let mut sent_on = None;
        let mut answer = Answer::default();
        while let Some(token) = answer.token(&mut self.packets)? {
            match token {
                Token::LoggedIn => accepted = true,
                Token::MoreLogin => {
                    return Err(self.packets.broken("the server wants a kind of login that is not built"));
                }
                Token::Changed { what: 20, new } => sent_on = routed(&new),
                Token::Changed { what, new } => self.changed(what, &new)?,
                _ => {}
            }
        }
        answer.end(&self.packets)?;
        if accepted || sent_on.is_some() {
            return Ok(sent_on);
        }
        Err(Error::Connection {
            server: options.name(),
            doing: "logging in",
            reason: "the server did not accept the login, and did not say why".into(),
        })
    }

    fn changed(&mut self, what: u8, new: &[u8]) -> Result<()> {
        let text = || super::bytes::Bytes(new).utf16(new.len() / 2).unwrap_or_default();
        match what {
            1 => self.database = text(),
            8 => self.transaction = new.try_into().unwrap_or_default(),
            9 | 10 => self.transaction = [0; 8],
            7 => self.collation = new.try_into().unwrap_or(LATIN1),
            4 => {
                let size =
                    text().parse().map_err(|_| self.packets.broken("the size of packets is no number"))?;
                self.packets.set_size(size)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A connection to nobody, whose next statement is answered by bytes that a server has sent before, packets and all:
    /// for tests and for looking into a recorded answer.
    pub fn replay(packets: Vec<u8>) -> Self {
        let stream = Stream::Recorded(std::io::Cursor::new(packets));
        Self {
            packets: Packets::new(stream, "a recorded answer".into()),
            database: String::new(),
            collation: LATIN1,
            transaction: [0; 8],
        }
    }

    /// The database that statements are about.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Whether what follows the login is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.packets.stream.is_encrypted()
    }

    /// Bytes of a packet, as granted.
    pub fn packet_size(&self) -> usize {
        self.packets.size()
    }

    pub(super) fn packets(&mut self) -> &mut Packets {
        &mut self.packets
    }

    pub(super) fn server(&self) -> &str {
        self.packets.server()
    }

    /// The collation of the database.
    pub(super) fn collation(&self) -> [u8; 5] {
        self.collation
    }

    /// Runs statements whose rows, if there are some, do not matter.
    pub(super) fn run(&mut self, sql: &str) -> Result<Option<u64>> {
        self.send(sql)?;
        self.confirmed()
    }

    /// Reads an answer over, and gives the number of rows that the last statement changed.
    pub(super) fn confirmed(&mut self) -> Result<Option<u64>> {
        let mut answer = Answer::default();
        let mut rows = None;
        loop {
            match answer.next(&mut self.packets, rows.as_mut(), SMALL)? {
                Event::Columns(columns) => rows = Some(Rows::new(&columns, true)?),
                Event::Batch => {
                    if let Some(rows) = &mut rows {
                        rows.finish().map_err(|error| self.packets.broken(error.to_string()))?;
                    }
                }
                Event::Changed(what, new) => self.changed(what, &new)?,
                Event::End => return Ok(answer.changed_rows()),
            }
        }
    }

    /// Sends statements.
    pub(super) fn send(&mut self, sql: &str) -> Result<()> {
        // headers of the message: one that names the transaction, and one request at a time
        let mut message = vec![22, 0, 0, 0, 18, 0, 0, 0, 2, 0];
        message.extend_from_slice(&self.transaction);
        message.extend_from_slice(&1_u32.to_le_bytes());
        message.extend_from_slice(&login::utf16(sql));
        self.packets.send(Kind::Batch, &message)
    }

    /// Reads the answer up to the columns of its first rows; `None` when it has none.
    fn columns(&mut self, answer: &mut Answer, binary: bool) -> Result<Option<Rows>> {
        loop {
            match answer.next(&mut self.packets, None, 0)? {
                Event::Columns(columns) => match Rows::new(&columns, binary) {
                    Ok(rows) => return Ok(Some(rows)),
                    Err(error) => {
                        self.stop(answer)?;
                        return Err(error);
                    }
                },
                Event::End => return Ok(None),
                Event::Changed(what, new) => self.changed(what, &new)?,
                Event::Batch => {}
            }
        }
    }

    fn no_rows(&self, sql: &str) -> Error {
        let start: String = sql.trim().chars().take(60).collect();
        Error::Option {
            option: format!("query '{start}'"),
            reason: format!("{} answers it without rows; write a SELECT", self.packets.server()),
        }
    }

    /// Stops an answer that is not wanted any more, so that the connection is good for the next statement.
    fn stop(&mut self, answer: &mut Answer) -> Result<()> {
        let before = self.packets.timeout();
        self.packets.set_timeout(Some(STOPPING));
        let stopped = answer.stop(&mut self.packets);
        self.packets.set_timeout(before);
        stopped
    }
}

/// Protocol, port and name of the server behind a gateway.
fn routed(new: &[u8]) -> Option<(String, u16)> {
    let mut bytes = super::bytes::Bytes(new.get(1..)?);
    if bytes.u8()? != 0 {
        return None;
    }
    let port = bytes.u16()?;
    Some((bytes.text()?, port))
}

impl Session for Connection {
    fn dialect(&self) -> Dialect {
        Dialect::SqlServer
    }

    fn watch(&mut self, monitor: Arc<Monitor>) {
        self.packets.watch(monitor);
    }

    fn execute(&mut self, sql: &str) -> Result<Option<u64>> {
        self.run(sql)
    }

    fn describe(&mut self, sql: &str) -> Result<SchemaRef> {
        self.send(sql)?;
        let mut answer = Answer::default();
        let Some(rows) = self.columns(&mut answer, false)? else { return Err(self.no_rows(sql)) };
        self.stop(&mut answer)?;
        Ok(rows.schema())
    }

    fn query(&mut self, sql: &str) -> Result<RecordBatch> {
        self.send(sql)?;
        let mut answer = Answer::default();
        let Some(mut rows) = self.columns(&mut answer, true)? else { return Err(self.no_rows(sql)) };
        let mut batches = Vec::new();
        loop {
            match answer.next(&mut self.packets, Some(&mut rows), SMALL)? {
                Event::Batch => {
                    batches.push(rows.finish().map_err(|error| self.packets.broken(error.to_string()))?);
                }
                Event::Changed(what, new) => self.changed(what, &new)?,
                Event::Columns(_) => {
                    self.stop(&mut answer)?;
                    break;
                }
                Event::End => break,
            }
        }
        concat_batches(&rows.schema(), &batches).map_err(|error| self.packets.broken(error.to_string()))
    }

    fn stream(mut self: Box<Self>, sql: &str, batch_rows: usize) -> Result<Box<dyn RowReader>> {
        self.send(sql)?;
        let mut answer = Answer::default();
        let Some(rows) = self.columns(&mut answer, false)? else { return Err(self.no_rows(sql)) };
        Ok(Box::new(Reader { connection: *self, answer, rows, batch_rows: batch_rows.max(1), done: false }))
    }
}

/// The rows of one query.
struct Reader {
    connection: Connection,
    answer: Answer,
    rows: Rows,
    batch_rows: usize,
    done: bool,
}

impl Reader {
    fn batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            match self.answer.next(&mut self.connection.packets, Some(&mut self.rows), self.batch_rows)? {
                Event::Batch => {
                    return self
                        .rows
                        .finish()
                        .map(Some)
                        .map_err(|error| self.connection.packets.broken(error.to_string()));
                }
                Event::Changed(..) => {}
                // a query with several answers: the first one counts
                Event::Columns(_) => {
                    self.connection.stop(&mut self.answer)?;
                    return Ok(None);
                }
                Event::End => return Ok(None),
            }
        }
    }
}

impl Iterator for Reader {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        match self.batch() {
            Ok(Some(batch)) => Some(Ok(batch)),
            Ok(None) => {
                self.done = true;
                None
            }
            Err(error) => {
                self.done = true;
                Some(Err(error.into()))
            }
        }
    }
}

impl RecordBatchReader for Reader {
    fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }
}

impl RowReader for Reader {
    fn watch(&mut self, monitor: Arc<Monitor>) {
        self.connection.watch(monitor);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if !self.done {
            // the connection closes; a server that is told stops at once
            let _ = self.connection.packets.attention();
        }
    }
}
