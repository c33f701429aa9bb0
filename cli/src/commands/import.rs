//! `xdf import`: any source to an XDF file.

use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use engine::source::{Format, SourceExt, index_of};
use engine::{BoundTransform, Transform};

use super::moving;
use crate::args::{Assignment, ImportArgs, XdfFormat};
use crate::failure::Usage;
use crate::input;
use crate::session::Session;

pub(super) fn run(args: &ImportArgs, session: &Session) -> anyhow::Result<()> {
    if moving::is_standard_output(&args.output) {
        let reason =
            "an XDF file cannot be written to the standard output; name a file, or use export for CSV";
        return Err(Usage(reason.into()).into());
    }
    if Format::from_name(&args.output).is_some_and(|format| format != Format::Xdf) {
        let reason = format!(
            "import writes an XDF file, and '{}' is named like another format; end it in .xdf, or use export",
            args.output.display()
        );
        return Err(Usage(reason).into());
    }
    let opened = input::open(&args.inputs, &args.reading)?;
    let source = input::keep(input::select(opened.clone(), &args.selecting)?, &args.keeping)?;
    for described in &args.description {
        index_of(&source.schema(), &described.name)?;
    }
    let source = source.with(Describe(args.description.clone()))?;
    let mut options = moving::divided(&args.writing, &args.dividing, &args.output)?;
    options.format = Some(Format::Xdf);
    options.microsoft = (args.format == XdfFormat::Microsoft)
        .then(|| moving::microsoft_options(&args.writing, args.allow_inferred));
    let moved = moving::transfer("importing", &source, &args.output, &options, &args.selecting, session)?;
    moved.report(&opened, session)
}

/// Gives columns their descriptions; the values pass as they are.
struct Describe(Vec<Assignment>);

impl Transform for Describe {
    fn output_schema(&self, input: &SchemaRef) -> engine::Result<SchemaRef> {
        let fields = input.fields().iter().map(|field| {
            match self.0.iter().rev().find(|described| described.name == *field.name()) {
                Some(described) => {
                    Arc::new(xdf::metadata::set_description(field.as_ref().clone(), described.value.clone()))
                }
                None => Arc::clone(field),
            }
        });
        Ok(Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), input.metadata().clone())))
    }

    fn input_columns(&self, _: &SchemaRef, wanted: &[String]) -> Vec<String> {
        wanted.to_vec()
    }

    fn unchanged(&self, name: &str) -> Option<String> {
        Some(name.to_owned())
    }

    fn bind(&self, _: &SchemaRef) -> engine::Result<BoundTransform> {
        Ok(Box::new(Ok))
    }
}
