//! What programs that embed the crate rely on beside its functions.

mod tables;

use std::error::Error as _;
use std::fmt::Debug;
use std::io;

use arrow_array::RecordBatchReader;
use arrow_schema::ArrowError;
use tables::folder;
use xdf::{
    ColumnStatistics, Error, File, FileReader, OpenOptions, ReadOptions, VerifyReport, WriteOptions, Writer,
};

#[test]
fn types_cross_threads_and_print() {
    fn shared<T: Send + Sync + Debug + 'static>() {}
    fn value<T: Send + Sync + Debug + Clone + PartialEq + 'static>() {}
    fn moved<T: Send + Debug + 'static>() {}
    fn reader<T: RecordBatchReader + Send + 'static>() {}
    fn clones<T: Clone>() {}
    shared::<File>();
    shared::<FileReader>();
    shared::<Error>();
    moved::<Writer>();
    reader::<FileReader>();
    clones::<File>();
    value::<OpenOptions>();
    value::<ReadOptions>();
    value::<WriteOptions>();
    value::<ColumnStatistics>();
    value::<VerifyReport>();
}

#[test]
fn causes_are_kept() {
    let folder = folder();
    let error = File::open(folder.path().join("none.xdf")).unwrap_err();
    let cause = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
    assert_eq!(cause.kind(), io::ErrorKind::NotFound);

    let arrow = ArrowError::from(error);
    let inner = arrow.source().unwrap().downcast_ref::<Error>().unwrap();
    assert!(matches!(inner, Error::Io { action: "open", .. }), "{inner}");
}
