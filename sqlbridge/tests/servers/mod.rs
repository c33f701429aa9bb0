//! Real databases for tests: SQLite, PostgreSQL and MariaDB, from the packages of the system.
//!
//! [`all`] starts what is installed, once for a test program, on free ports of the loopback device and in a scratch
//! folder. Each server is a child of a small shell that waits for the end of the test program: when its standard input
//! closes, whatever the reason, it stops the server and removes the folder. Servers refuse to run as root; then they run
//! as the user that their package made. What is not there is said on standard error, and left out.

#![cfg(all(unix, feature = "odbc"))]
#![allow(dead_code, reason = "each test program uses a part")]

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use sqlbridge::odbc::{OdbcDatabase, OdbcOptions};
use sqlbridge::{Database, Dialect};

/// The password of every server's user; no message may hold it.
pub(crate) const PASSWORD: &str = "s3cret-of-the-tests";

/// A database that runs.
pub(crate) struct Server {
    /// Its dialect.
    pub(crate) dialect: Dialect,
    /// How to reach it through ODBC.
    pub(crate) connection_string: String,
    _supervisor: Option<Child>,
}

impl Server {
    /// The database, with default options.
    pub(crate) fn database(&self) -> Arc<dyn Database> {
        self.database_with(OdbcOptions::default())
    }

    /// Runs a statement on a connection of its own.
    pub(crate) fn execute(&self, sql: &str) {
        self.database().connect().unwrap().execute(sql).unwrap();
    }

    /// Runs a query on a connection of its own.
    pub(crate) fn query(&self, sql: &str) -> RecordBatch {
        self.database().connect().unwrap().query(sql).unwrap()
    }

    /// Makes a table anew, and runs statements that fill it.
    pub(crate) fn table(&self, name: &str, columns: &str, statements: &[&str]) {
        self.execute(&format!("drop table if exists {name}"));
        self.execute(&format!("create table {name} ({columns})"));
        for statement in statements {
            self.execute(statement);
        }
    }

    /// The database, with these options.
    pub(crate) fn database_with(&self, options: OdbcOptions) -> Arc<dyn Database> {
        Arc::new(OdbcDatabase::new(&self.connection_string, options).unwrap())
    }
}

/// All databases that are installed.
pub(crate) fn all() -> &'static [Server] {
    static SERVERS: OnceLock<Vec<Server>> = OnceLock::new();
    SERVERS.get_or_init(|| {
        let started = [("SQLite", sqlite()), ("PostgreSQL", postgresql()), ("MariaDB", mariadb())];
        let mut servers = Vec::new();
        for (name, server) in started {
            match server {
                Ok(server) => servers.push(server),
                // past the capture of test output
                Err(reason) => {
                    let _ = writeln!(std::io::stderr(), "skipped: tests with {name}: {reason}");
                }
            }
        }
        servers
    })
}

fn sqlite() -> Result<Server, String> {
    let driver = driver("libsqlite3odbc.so", "libsqliteodbc")?;
    let folder = scratch("sqlite")?;
    let database = folder.join("test.db");
    let supervisor = supervise(&folder, None, "sleep infinity", &folder)?;
    Ok(Server {
        dialect: Dialect::Sqlite,
        connection_string: format!(
            "Driver={};Database={};Timeout=20000",
            driver.display(),
            database.display()
        ),
        _supervisor: Some(supervisor),
    })
}

fn postgresql() -> Result<Server, String> {
    let driver = driver("psqlodbcw.so", "odbc-postgresql")?;
    let programs = newest("/usr/lib/postgresql", "bin/initdb")
        .or_else(|| program("initdb"))
        .ok_or("no initdb; apt-get install postgresql")?;
    let programs = programs.parent().unwrap_or(Path::new("/")).to_path_buf();
    let user = unprivileged("postgres")?;
    let folder = scratch("postgresql")?;
    let data = folder.join("data");
    let secret = folder.join("password");
    fs::write(&secret, PASSWORD).map_err(|error| error.to_string())?;
    own(&folder, user)?;
    own(&secret, user)?;
    run(
        user,
        &format!(
            "'{}/initdb' -D '{}' -U tester --auth=scram-sha-256 --pwfile='{}' -E UTF8 --locale=C --no-sync",
            programs.display(),
            data.display(),
            secret.display()
        ),
        &folder,
    )?;
    let port = free_port()?;
    let start = format!(
        "'{}/postgres' -D '{}' -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='{}' -c fsync=off",
        programs.display(),
        data.display(),
        folder.display()
    );
    ready(Server {
        dialect: Dialect::PostgreSql,
        connection_string: format!(
            "Driver={};Server=127.0.0.1;Port={port};Database=postgres;UID=tester;PWD={PASSWORD}",
            driver.display()
        ),
        _supervisor: Some(supervise(&folder, user, &start, &data)?),
    })
}

fn mariadb() -> Result<Server, String> {
    let driver = driver("libmaodbc.so", "odbc-mariadb")?;
    let server = program("mariadbd").ok_or("no mariadbd; apt-get install mariadb-server")?;
    let install =
        program("mariadb-install-db").ok_or("no mariadb-install-db; apt-get install mariadb-server")?;
    let user = unprivileged("mysql")?;
    let folder = scratch("mariadb")?;
    let data = folder.join("data");
    let first = folder.join("first.sql");
    let statements = format!(
        "CREATE DATABASE test CHARACTER SET utf8mb4;\n\
         CREATE USER tester@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n\
         GRANT ALL ON *.* TO tester@'127.0.0.1';\n"
    );
    fs::write(&first, statements).map_err(|error| error.to_string())?;
    own(&folder, user)?;
    own(&first, user)?;
    run(
        user,
        &format!(
            "'{}' --no-defaults --datadir='{}' --skip-test-db --auth-root-authentication-method=normal",
            install.display(),
            data.display()
        ),
        &folder,
    )?;
    let port = free_port()?;
    let start = format!(
        "'{}' --no-defaults --datadir='{}' --port={port} --bind-address=127.0.0.1 --socket='{}/socket' \
         --pid-file='{}/pid' --init-file='{}' --skip-name-resolve --innodb-flush-log-at-trx-commit=0",
        server.display(),
        data.display(),
        folder.display(),
        folder.display(),
        first.display()
    );
    ready(Server {
        dialect: Dialect::MariaDb,
        connection_string: format!(
            "Driver={};Server=127.0.0.1;Port={port};Database=test;UID=tester;PWD={PASSWORD};CHARSET=utf8mb4",
            driver.display()
        ),
        _supervisor: Some(supervise(&folder, user, &start, &data)?),
    })
}

/// Waits until a server answers.
fn ready(server: Server) -> Result<Server, String> {
    let deadline = Instant::now() + Duration::from_secs(90);
    loop {
        match server.database().connect() {
            Ok(_) => return Ok(server),
            Err(error) if Instant::now() > deadline => return Err(format!("it does not answer: {error}")),
            Err(_) => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// The driver's library, by its file name; `package` has it.
fn driver(file: &str, package: &str) -> Result<PathBuf, String> {
    let machine = format!("/usr/lib/{}-linux-gnu/odbc", std::env::consts::ARCH);
    let folders =
        [machine.as_str(), "/usr/lib64", "/usr/lib/odbc", "/usr/lib", "/usr/local/lib", "/opt/homebrew/lib"];
    let found = folders.iter().map(|folder| Path::new(folder).join(file)).find(|path| path.exists());
    let found = found.ok_or_else(|| format!("no ODBC driver {file}; apt-get install unixodbc {package}"))?;
    odbc_loader::load()?;
    Ok(found)
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|path| path.exists())
}

/// The program of the newest version below a folder.
fn newest(folder: &str, file: &str) -> Option<PathBuf> {
    let mut versions: Vec<_> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    versions.sort();
    versions.into_iter().rev().map(|version| version.join(file)).find(|path| path.exists())
}

/// The user and the group to run a server as, where this program runs as root.
fn unprivileged(name: &str) -> Result<Option<(u32, u32)>, String> {
    let root = fs::metadata("/proc/self").is_ok_and(|of| std::os::unix::fs::MetadataExt::uid(&of) == 0);
    if !root {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").map_err(|error| error.to_string())?;
    for line in users.lines() {
        if let [user, _, uid, gid, ..] = line.split(':').collect::<Vec<_>>()[..]
            && user == name
        {
            return Ok(uid.parse().ok().zip(gid.parse().ok()));
        }
    }
    Err(format!("it refuses to run as root, and there is no user {name}"))
}

fn scratch(name: &str) -> Result<PathBuf, String> {
    let folder = std::env::temp_dir().join(format!("rxdf-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

fn own(path: &Path, user: Option<(u32, u32)>) -> Result<(), String> {
    let Some((uid, gid)) = user else { return Ok(()) };
    std::os::unix::fs::chown(path, Some(uid), Some(gid))
        .map_err(|error| format!("{}: {error}", path.display()))
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| error.to_string())
}

/// A shell, as the user where there is one.
fn shell(user: Option<(u32, u32)>) -> Command {
    let Some((uid, gid)) = user else {
        let mut command = Command::new("sh");
        command.arg("-c");
        return command;
    };
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &uid.to_string(), "--regid", &gid.to_string(), "--clear-groups", "sh", "-c"]);
    command
}

/// Runs a command to its end.
fn run(user: Option<(u32, u32)>, line: &str, folder: &Path) -> Result<(), String> {
    let output = shell(user).arg(line).current_dir(folder).stdin(Stdio::null()).output();
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{line}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Starts a server, and what stops it. The folder of its data is gone when the folder can be removed.
fn supervise(folder: &Path, user: Option<(u32, u32)>, start: &str, data: &Path) -> Result<Child, String> {
    let line = format!(
        "trap '' INT HUP; {start} </dev/null >'{log}' 2>&1 & server=$!; cat >/dev/null; \
         kill -INT $server 2>/dev/null || true; sleep 0.2; kill -TERM $server 2>/dev/null || true; wait $server; \
         rm -rf '{data}' '{folder}' 2>/dev/null; exit 0",
        log = folder.join("log").display(),
        data = data.display(),
        folder = folder.display(),
    );
    own(folder, user)?;
    shell(user)
        .arg(line)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())
}
