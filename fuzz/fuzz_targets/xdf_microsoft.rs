//! Microsoft's containers, from sound files that the input damages: what opens is read or refused block by block, and what
//! is read whole is written again, reads the same, and then comes back byte for byte.
//!
//! The first byte chooses a file that is generated when the target starts, or the input itself; after it, every eleven
//! bytes are one change: place (as a fraction of the file), kind, value.
#![no_main]

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, RecordBatch, StringArray, UInt64Array, types::Int32Type,
};
use libfuzzer_sys::fuzz_target;
use xdf::microsoft::{MicrosoftWriteOptions, Writer};

static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("i", Arc::new(Int32Array::from(vec![Some(1), None, Some(-7), Some(4), Some(5)]))),
        ("d", Arc::new(Float64Array::from(vec![Some(0.5), None, Some(2.0), Some(-1.0), Some(0.0)]))),
        ("s", Arc::new(Float32Array::from(vec![0.5, 1.0, 2.0, 3.0, 4.0]))),
        ("f", Arc::new(["b", "a", "b", "c", "a"].into_iter().collect::<DictionaryArray<Int32Type>>())),
        (".rxRowNames", Arc::new(StringArray::from(vec!["one", "", "three", "f\u{fc}nf", "five"]))),
        ("i8", Arc::new(Int8Array::from(vec![1, 2, 3, 4, 5]))),
        ("i16", Arc::new(Int16Array::from(vec![1, 2, 3, 4, 5]))),
        ("i64", Arc::new(Int64Array::from(vec![1, 2, 3, 4, 5]))),
        ("u64", Arc::new(UInt64Array::from(vec![1, 2, 3, 4, 5]))),
        ("b", Arc::new(BooleanArray::from(vec![true, false, true, true, false]))),
        ("t", Arc::new(Date32Array::from(vec![Some(1), None, Some(3), Some(4), Some(5)]))),
    ];
    let whole = RecordBatch::try_from_iter(columns).expect("a batch");
    let known = whole.project(&[0, 1, 2, 3, 4]).expect("columns");
    let text = whole.project(&[4]).expect("a column");
    let options = MicrosoftWriteOptions::default().with_allow_inferred(true);
    let cut = options.clone().with_block_rows(2).with_rows_per_read(2);
    vec![
        write(&known, &options).expect("written"),
        write(&known, &cut).expect("written"),
        write(&whole, &cut).expect("written"),
        write(&whole, &cut.clone().with_level(0)).expect("written"),
        write(&text, &options).expect("written"),
        write(&known.slice(0, 0), &options).expect("written"),
    ]
});

fn write(batch: &RecordBatch, options: &MicrosoftWriteOptions) -> xdf::Result<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.xdf");
    let mut writer = Writer::create(&path, batch.schema(), options.clone())?;
    writer.write(batch)?;
    writer.finish()?;
    Ok(std::fs::read(path).expect("read"))
}

/// All blocks, or nothing when the file or one of them is refused.
fn read(path: &Path) -> Option<(xdf::File, Vec<RecordBatch>)> {
    let file = xdf::File::open(path).ok()?;
    let columns: Vec<usize> = (0..file.schema().fields().len()).collect();
    let mut batches = Vec::new();
    let mut sound = true;
    for block in 0..file.num_blocks().min(1 << 12) {
        match file.read_block(block, &columns) {
            Ok(batch) => {
                assert_eq!(batch.num_rows() as u64, file.block_rows(block));
                batches.push(batch);
            }
            Err(_) => sound = false,
        }
    }
    assert_eq!(file.verify().expect("readable").is_ok() || file.num_blocks() > 1 << 12, sound);
    (sound && batches.len() == file.num_blocks()).then_some((file, batches))
}

fn again(file: &xdf::File, batches: &[RecordBatch], path: &Path) -> xdf::Result<()> {
    let options = MicrosoftWriteOptions::default().with_allow_inferred(true).with_overwrite(true);
    let mut writer = Writer::create(path, Arc::clone(file.schema()), options)?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.finish().map(drop)
}

fuzz_target!(|input: &[u8]| {
    let Some((&choice, changes)) = input.split_first() else { return };
    let mut bytes = match SEEDS.get(usize::from(choice)) {
        Some(seed) => seed.clone(),
        None => [&[0xf4, 0xd3, 0xd2, 0xd1], changes].concat(),
    };
    if usize::from(choice) < SEEDS.len() {
        for change in changes.chunks_exact(11) {
            let part = usize::from(u16::from_le_bytes([change[0], change[1]]));
            let place = part * bytes.len() / (1 << 16);
            let value = &change[3..11];
            match change[2] % 5 {
                0 => bytes[place] = value[0],
                1 => bytes.iter_mut().skip(place).zip(value).take(4).for_each(|(to, from)| *to = *from),
                2 => bytes.iter_mut().skip(place).zip(value).for_each(|(to, from)| *to = *from),
                3 => bytes.truncate(place.max(1)),
                _ => drop(bytes.splice(place..place, value.iter().copied())),
            }
        }
    }
    let mut stored = tempfile::Builder::new().suffix(".xdf").tempfile().expect("a temporary file");
    stored.write_all(&bytes).expect("written");
    let Some((file, batches)) = read(stored.path()) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second) = (folder.path().join("1.xdf"), folder.path().join("2.xdf"));
    // refused: two columns of one name, a list of levels with a level twice
    if again(&file, &batches, &first).is_err() {
        return;
    }
    let (file, batches) = read(&first).expect("what the writer makes is sound");
    again(&file, &batches, &second).expect("what was written can be written again");
    assert_eq!(std::fs::read(&first).expect("read"), std::fs::read(&second).expect("read"));
});
