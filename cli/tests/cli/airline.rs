//! `xdf generate airline`.

use super::Folder;

#[test]
fn the_first_rows_are_the_same_for_every_size_number_of_threads_and_format() {
    let folder = Folder::new();
    let large = folder.xdf(["generate", "airline", "--rows", "60k"]).text();
    let small = folder.xdf(["generate", "airline", "--rows", "45_000", "--threads", "1"]).text();
    assert_eq!(large.lines().count(), 60_001);
    assert!(large.starts_with(&small));
    let from_xdf = |name: &str| {
        folder.xdf(["generate", "airline", "--rows", "45k", "-o", name, "--quiet"]).text();
        folder.xdf(["export", name, "-o", "-"]).text()
    };
    for name in ["a.xdf", "a.parquet", "a.arrow", "a.arrows"] {
        assert!(from_xdf(name) == small, "{name} has other rows");
    }
    let other = folder.xdf(["generate", "airline", "--rows", "10", "--seed", "8"]).text();
    assert!(!large.starts_with(&other));
}

#[test]
fn the_table_is_as_it_was() {
    // later releases must make the same table, or measurements cannot be compared
    let text = Folder::new().xdf(["generate", "airline", "--rows", "1000"]).text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "Year,Month,DayofMonth,DayOfWeek,CRSDepTime,UniqueCarrier,Origin,Dest,Distance,DepDelay,ArrDelay,Late,TailNum"
    );
    assert_eq!(lines[1], "1987,Jan,1,Thursday,8,DL,BEE,SIN,828,-7,-9,false,N699PR");
    assert_eq!(lines[5], "1987,Jan,6,Tuesday,8,DL,BEE,SIN,828,13,7,false,N178IH");
}
