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
fn a_table_to_write_needs_a_name() {
    let folder = Folder::new();
    folder.write("x.csv", "x\n1\n");
    let run = folder.xdf(["export", "x.csv", "--to", "mssql://u@127.0.0.1:1/d"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("--to-table"), "{}", run.stderr);
}
