//! Any content in a whole envelope is a task or a partial result, or is refused.
#![no_main]

use algos::task::{Algorithm, fit, worker};
use arrow_schema::{DataType, Field, Schema};
use engine::task::{Partial, Task, TaskRunner};
use libfuzzer_sys::fuzz_target;

/// The head of an envelope around other content.
fn sealed(like: &[u8], content: &[u8]) -> Vec<u8> {
    let release = u32::from_le_bytes([like[12], like[13], like[14], like[15]]) as usize;
    let mut bytes = like[..16 + release].to_vec();
    bytes.extend((content.len() as u64).to_le_bytes());
    bytes.extend(content);
    let checksum = twox_hash::XxHash3_64::oneshot(&bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

/// Answers with sums that are some bytes of the fuzzer.
struct Liar<'a>(&'a [u8]);

impl TaskRunner for Liar<'_> {
    fn run(&self, task: &Task) -> engine::Result<Vec<Vec<u8>>> {
        let honest = worker(task, 0, 1)?.partial()?.to_bytes()?;
        // behind the head: the digest of the task, then part, parts, chunks and rows of one byte each
        let release = u32::from_le_bytes([honest[12], honest[13], honest[14], honest[15]]) as usize;
        let digest = engine::task::encode(&twox_hash::XxHash3_64::oneshot(&task.to_bytes()?))?;
        let start = 24 + release;
        let mut content = honest[start..start + digest.len() + 4].to_vec();
        content.extend(engine::task::encode(&self.0.to_vec())?);
        let bytes = sealed(&honest, &content);
        Partial::from_bytes(&bytes)?;
        Ok(vec![bytes])
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, content)) = bytes.split_first() else { return };
    let fields = ["x", "y"].map(|name| Field::new(name, DataType::Float64, true));
    let schema = std::sync::Arc::new(Schema::new(fields.to_vec()));
    let name = Algorithm::NAMES[usize::from(choice) / 2 % Algorithm::NAMES.len()];
    let formula = if ["lin_mod", "logit", "glm"].contains(&name) { "y ~ x" } else { "~ x + y" };
    let formula = if name == "cells" { "y ~ F(x, 0, 3)" } else { formula };
    let algorithm = Algorithm::with_defaults(name, formula).unwrap();
    if choice % 2 == 0 {
        let task = algorithm.task(&schema).unwrap().to_bytes().unwrap();
        if let Ok(task) = Task::from_bytes(&sealed(&task, content)) {
            let _ = worker(&task, 0, 1);
        }
    } else {
        let _ = fit(&algorithm, &schema, "fuzz", &Liar(content));
    }
});
