//! Inputs that are databases: what is refused before anything is connected to.

use crate::Folder;

#[test]
fn passwords_do_not_stand_on_the_command_line() {
    let folder = Folder::new();
    let run = folder.xdf(["import", "mssql://u:geheim@127.0.0.1:1/d", "--query", "SELECT 1", "-o", "x.xdf"]);
    run.fails(2, &["XDF_SQL_PASSWORD"]);
    assert!(!run.stderr.contains("geheim"), "{}", run.stderr);
}

#[test]
fn a_database_needs_a_query_or_a_table() {
    let folder = Folder::new();
    folder.xdf(["summary", "~ x", "mssql://u@127.0.0.1:1/d"]).fails(2, &["--query SQL or --sql-table NAME"]);
    let run = folder.xdf(["head", "mssql://u@127.0.0.1:1/d", "--query", "SELECT 1", "--delimiter", ";"]);
    run.fails(2, &["--delimiter", "database"]);
    folder.write("x.csv", "x\n1\n");
    folder.xdf(["head", "x.csv", "--sql-table", "t"]).fails(2, &["--sql-table", "file"]);
}

#[test]
fn a_url_of_another_database_says_how_to_reach_it() {
    let folder = Folder::new();
    let run = folder.xdf(["head", "postgres://u@127.0.0.1/d", "--sql-table", "t"]);
    assert_ne!(run.code, 0);
    assert!(
        run.stderr.contains("'postgres://' is not known") && run.stderr.contains("odbc:"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_table_to_write_needs_a_name() {
    let folder = Folder::new();
    folder.write("x.csv", "x\n1\n");
    let run = folder.xdf(["export", "x.csv", "--to", "mssql://u@127.0.0.1:1/d"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("--to-table"), "{}", run.stderr);
}

/// A connection string for a SQLite database in the folder, where the driver is installed.
fn sqlite(name: &str) -> Option<String> {
    let driver = format!("/usr/lib/{}-linux-gnu/odbc/libsqlite3odbc.so", std::env::consts::ARCH);
    if !std::path::Path::new(&driver).exists() {
        println!("skipped: needs the ODBC driver of SQLite (apt-get install unixodbc libsqliteodbc)");
        return None;
    }
    Some(format!("odbc:Driver={driver};Database={name}"))
}

#[test]
fn a_table_goes_to_a_database_and_comes_back_through_odbc() {
    let folder = Folder::new();
    let Some(database) = sqlite("trips.db") else { return };
    folder.write("x.csv", "n,name,x\n1,Zürich,0.1\n2,,\n3,O'Hare,-2.5\n");
    folder.xdf(["export", "x.csv", "--to", &database, "--to-table", "trips"]).text();
    folder.xdf(["export", "x.csv", "--to", &database, "--to-table", "trips"]).fails(1, &["trips", "exists"]);
    folder.xdf(["export", "x.csv", "--to", &database, "--to-table", "trips", "--to-append"]).text();
    folder.xdf(["import", &database, "--sql-table", "trips", "-o", "y.xdf"]).text();
    folder.xdf(["export", "y.xdf", "-o", "y.csv"]).text();
    let text = String::from_utf8(folder.read("y.csv")).unwrap();
    let rows = "1,Zürich,0.1\n2,,\n3,O'Hare,-2.5\n";
    assert_eq!(text.replace('"', ""), format!("n,name,x\n{rows}{rows}"));
    let query = "select sum(x) as s from trips";
    let text = folder.xdf(["summary", "~ s", &database, "--query", query, "--json"]).text();
    assert!(text.contains("-4.8"), "{text}");
}

#[test]
fn odbc_says_what_is_wrong_with_a_connection_string() {
    let folder = Folder::new();
    let run = folder.xdf(["head", "odbc:DSN=x;UID=u;PWD=geheim", "--query", "SELECT 1"]);
    run.fails(2, &["XDF_SQL_PASSWORD"]);
    assert!(!run.stderr.contains("geheim"), "{}", run.stderr);
    folder.xdf(["head", "odbc:Server=x", "--query", "SELECT 1"]).fails(1, &["DSN=NAME"]);
}
