//! What a connection string means for TDS.

use std::path::PathBuf;
use std::time::Duration;

use super::tls::Trust;
use crate::{ConnectionString, Error, Result};

/// Whether the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encrypt {
    /// The login only, and that where the server can.
    No,
    /// All of it, or there is no connection.
    Yes,
    /// TDS 8: TLS from the first byte.
    Strict,
}

/// Who asks.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Login {
    Password {
        user: String,
        password: String,
    },
    /// An access token of Entra ID.
    Token(String),
}

/// Where to connect, as whom, and how.
#[derive(Clone)]
pub(super) struct Options {
    pub host: String,
    pub port: Option<u16>,
    pub instance: Option<String>,
    pub database: String,
    pub login: Login,
    pub encrypt: Encrypt,
    pub trust: Trust,
    /// The name that the certificate must have.
    pub certificate_name: String,
    pub packet_size: u32,
    pub read_only: bool,
    pub application: String,
    pub login_timeout: Duration,
    pub query_timeout: Option<Duration>,
    pub retries: u32,
    pub retry_interval: Duration,
}

/// Where user, password and token come from when the connection string does not have them.
const USER: &str = "XDF_SQL_USER";
const PASSWORD: &str = "XDF_SQL_PASSWORD";
const TOKEN: &str = "XDF_SQL_TOKEN";

impl Options {
    /// Reads a connection string; `environment` answers for what it leaves out.
    pub(super) fn new(
        string: &ConnectionString,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        for absent in ["dsn", "filedsn", "attachdbfilename"] {
            if string.get(absent).is_some() {
                return Err(option(
                    absent,
                    "is for ODBC's driver manager; name the server by Server=, or read through ODBC",
                ));
            }
        }
        let address =
            string.get("server").ok_or_else(|| option("server", "is missing; write Server=HOST,PORT"))?;
        let (host, instance, port) = address_parts(address)?;
        let encrypt = encrypt(string)?;
        let trust = match (string.flag("trustservercertificate")?, string.get("servercertificate")) {
            (_, Some(path)) => Trust::Pinned(PathBuf::from(path)),
            (Some(true), None) if encrypt == Encrypt::Strict => {
                return Err(option(
                    "TrustServerCertificate",
                    "cannot be used with Encrypt=strict; name the certificate by ServerCertificate=FILE",
                ));
            }
            // without encryption nothing is promised, and the login is hidden as well as the server can
            (Some(true), None) => Trust::Any,
            (None, None) if encrypt == Encrypt::No => Trust::Any,
            _ => Trust::System,
        };
        let seconds = |keyword, default: u32| {
            Ok::<_, Error>(Duration::from_secs(u64::from(string.number(keyword)?.unwrap_or(default))))
        };
        let packet_size =
            string.number("packetsize")?.unwrap_or(if encrypt == Encrypt::No { 32_767 } else { 16_383 });
        if !(512..=32_767).contains(&packet_size) {
            return Err(option("PacketSize", "must be between 512 and 32767 bytes"));
        }
        let query_timeout = seconds("querytimeout", 0)?;
        Ok(Self {
            certificate_name: string.get("hostnameincertificate").unwrap_or(&host).to_owned(),
            port,
            instance,
            database: string.get("database").unwrap_or_default().to_owned(),
            login: login(string, environment)?,
            encrypt,
            trust,
            packet_size,
            read_only: string
                .get("applicationintent")
                .is_some_and(|intent| intent.eq_ignore_ascii_case("readonly")),
            application: string.get("app").unwrap_or("rxdf").to_owned(),
            login_timeout: seconds("logintimeout", 15)?.max(Duration::from_secs(1)),
            query_timeout: Some(query_timeout).filter(|timeout| !timeout.is_zero()),
            retries: string.number("connectretrycount")?.unwrap_or(1),
            retry_interval: seconds("connectretryinterval", 10)?,
            host,
        })
    }

    /// Server and database, for reports.
    pub(super) fn name(&self) -> String {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        let instance = self.instance.as_ref().map(|instance| format!("\\{instance}")).unwrap_or_default();
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("mssql://{host}{instance}{port}/{}", self.database)
    }
}

fn option(option: &str, reason: &str) -> Error {
    Error::Option { option: option.into(), reason: reason.into() }
}

/// `tcp:host\instance,port`
fn address_parts(address: &str) -> Result<(String, Option<String>, Option<u16>)> {
    let address = address.trim();
    let (protocol, rest) = match address.split_once(':') {
        Some((protocol @ ("tcp" | "np" | "lpc" | "admin" | "TCP" | "NP" | "LPC"), rest)) => (protocol, rest),
        _ => ("tcp", address),
    };
    if !protocol.eq_ignore_ascii_case("tcp") || rest.starts_with("\\\\") {
        return Err(option("server", "only TCP is spoken; write Server=HOST,PORT or Server=HOST\\INSTANCE"));
    }
    let (rest, port) = match rest.rsplit_once(',') {
        Some((rest, port)) => {
            let port = port
                .trim()
                .parse()
                .map_err(|_| option("server", "the port behind the comma is not a number up to 65535"))?;
            (rest, Some(port))
        }
        None => (rest, None),
    };
    let (host, instance) =
        rest.split_once('\\').map_or((rest, None), |(host, instance)| (host, Some(instance.trim())));
    let host = match host.trim() {
        "" | "." | "(local)" => "localhost",
        host if host.to_ascii_lowercase().starts_with("(localdb)") => {
            return Err(option("server", "LocalDB is reached on Windows only, and not by TCP"));
        }
        host => host,
    };
    let instance = instance.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("MSSQLSERVER"));
    Ok((host.to_owned(), instance.map(str::to_owned), port))
}

/// Drivers before 18 encrypt when they are asked to; later ones unless they are asked not to.
fn encrypt(string: &ConnectionString) -> Result<Encrypt> {
    let old = string.get("driver").is_some_and(|driver| {
        let driver = driver.to_ascii_lowercase();
        driver == "sql server"
            || driver.contains("native client")
            || ["11", "13", "13.1", "17"]
                .iter()
                .any(|version| driver == format!("odbc driver {version} for sql server"))
    });
    match string.get("encrypt").map(str::to_ascii_lowercase).as_deref() {
        None => Ok(if old { Encrypt::No } else { Encrypt::Yes }),
        Some("strict") => Ok(Encrypt::Strict),
        Some("yes" | "true" | "1" | "mandatory") => Ok(Encrypt::Yes),
        Some("no" | "false" | "0" | "optional") => Ok(Encrypt::No),
        Some(other) => Err(option("Encrypt", &format!("'{other}' is none of yes, no and strict"))),
    }
}

fn login(string: &ConnectionString, environment: impl Fn(&str) -> Option<String>) -> Result<Login> {
    if let Some(token) = string.get("accesstoken").map(str::to_owned).or_else(|| environment(TOKEN)) {
        return Ok(Login::Token(token));
    }
    if let Some(method) =
        string.get("authentication").filter(|method| !method.eq_ignore_ascii_case("SqlPassword"))
    {
        return Err(option(
            "Authentication",
            &format!(
                "{method}: get an access token by the tool of your choice and put it into the variable {TOKEN}"
            ),
        ));
    }
    let integrated = string.flag("trusted_connection")?.unwrap_or(false);
    let user = string.get("uid").filter(|_| !integrated).map(str::to_owned).or_else(|| environment(USER));
    let Some(user) = user else {
        let reason = if integrated {
            format!(
                "integrated logins (Kerberos) are not built yet; set {USER} and {PASSWORD} to log in by a password"
            )
        } else {
            format!("is missing; write Uid=NAME, or set {USER}")
        };
        return Err(option(if integrated { "Trusted_Connection" } else { "uid" }, &reason));
    };
    let password =
        string.get("pwd").filter(|_| !integrated).map(str::to_owned).or_else(|| environment(PASSWORD));
    let password = password.ok_or_else(|| {
        option("pwd", &format!("is missing; set {PASSWORD}, which no list of processes shows"))
    })?;
    Ok(Login::Password { user, password })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> Result<Options> {
        Options::new(&ConnectionString::parse(text).unwrap(), |name| {
            (name == PASSWORD).then(|| "hidden".into())
        })
    }

    #[test]
    fn servers_are_named_as_drivers_name_them() {
        let name = |server: &str| options(&format!("Server={server};Uid=u")).unwrap().name();
        assert_eq!(name("."), "mssql://localhost/");
        assert_eq!(name("tcp:db.example.org,1500"), "mssql://db.example.org:1500/");
        assert_eq!(name("db\\sales"), "mssql://db\\sales/");
        assert_eq!(name("::1,1433"), "mssql://[::1]:1433/");
        assert!(options("Server=np:\\\\db\\pipe;Uid=u").is_err());
    }

    #[test]
    fn old_drivers_do_not_ask_for_encryption_and_others_verify() {
        let old = options("Driver=SQL Server;Server=.;Uid=u").unwrap();
        assert_eq!((old.encrypt, old.trust), (Encrypt::No, Trust::Any));
        let new = options("Driver={ODBC Driver 18 for SQL Server};Server=.;Uid=u").unwrap();
        assert_eq!((new.encrypt, new.trust), (Encrypt::Yes, Trust::System));
        let trusting = options("Server=.;Uid=u;TrustServerCertificate=yes").unwrap();
        assert_eq!((trusting.encrypt, trusting.trust), (Encrypt::Yes, Trust::Any));
        assert!(options("Server=.;Uid=u;Encrypt=strict;TrustServerCertificate=yes").is_err());
    }

    #[test]
    fn logins_come_from_the_string_or_the_environment() {
        let from_string = options("Server=.;Uid=u;Pwd=p").unwrap().login;
        assert!(from_string == Login::Password { user: "u".into(), password: "p".into() });
        let from_environment = options("Server=.;Uid=u").unwrap().login;
        assert!(from_environment == Login::Password { user: "u".into(), password: "hidden".into() });
        let message = options("Server=.;Trusted_Connection=True").map(|_| ()).unwrap_err().to_string();
        assert!(message.contains("XDF_SQL_USER"), "{message}");
    }
}
