//! A commit that builds on another one: rows appended, columns put in, taken out and described.

use arrow_schema::{Field, Schema};

use crate::assemble::Assembly;
use crate::assemble::columns::Columns;
use crate::assemble::tables::{NewColumns, Source, Tables};
use crate::container::Xdf5;
use crate::edit::widened;
use crate::encoding::encode::Segment;
use crate::error::Fault;
use crate::factor::Levels;
use crate::raw::schema::StoredSchema;
use crate::storage::Storage;
use crate::{Result, WriteOptions};

impl Assembly {
    /// The commit that follows the one that was opened.
    pub(crate) fn resume(file: &Xdf5, options: WriteOptions) -> Result<Self> {
        let path = file.path();
        let (slot, _) = file.slot();
        let mut stored = file.stored().clone();
        let mut columns = Columns::of(&mut stored, path)?;
        let (blocks, directory, extensions) = file.tables();
        let damaged = |fault: Fault| fault.in_file(path, "directory", slot.footer_offset);
        let tables = Tables::of(blocks, directory, extensions).map_err(damaged)?;
        let width = columns.all.len();
        for block in 0..tables.blocks() {
            for (index, column) in columns.all.iter_mut().enumerate() {
                column.bytes =
                    column.bytes.saturating_add(tables.entry(block * width + index).map_err(damaged)?.length);
            }
        }
        let mut rows = 0_u64;
        for block in 0..tables.blocks() {
            rows = rows.saturating_add(tables.block_rows(block).map_err(damaged)?);
        }
        let sequence = slot.sequence.checked_add(1);
        let sequence =
            sequence.ok_or_else(|| damaged(Fault::new("fewer than 2^64 commits", slot.sequence)))?;
        let statistics = (0..width).map(|column| file.column_statistics(column)).collect();
        let mut assembly = Self {
            path: path.to_owned(),
            options,
            sequence,
            told: stored.clone(),
            stored,
            levels_renamed: false,
            columns,
            tables,
            rows,
            widen: true,
        };
        assembly.set_statistics(statistics);
        Ok(assembly)
    }

    pub(crate) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Rows of a block; nothing behind the last.
    pub(crate) fn block_rows(&self, block: usize) -> Result<Option<u64>> {
        if block >= self.tables.blocks() {
            return Ok(None);
        }
        self.tables.block_rows(block).map(Some).map_err(|fault| self.damaged(fault))
    }

    fn damaged(&self, fault: Fault) -> crate::Error {
        fault.in_file(&self.path, "directory", 0)
    }

    /// Gives new columns identities that no column of the file ever had.
    pub(crate) fn name_columns(&mut self, new: &mut StoredSchema) -> Result<()> {
        for id in &mut new.ids {
            *id = self.stored.next_id;
            let next = self.stored.next_id.checked_add(1);
            self.stored.next_id =
                next.ok_or_else(|| self.damaged(Fault::new("fewer than 2^32 columns", u32::MAX)))?;
        }
        Ok(())
    }

    /// Puts whole columns in the places of those of the same names, or else behind the others.
    pub(crate) fn put_columns(
        &mut self,
        new: &StoredSchema,
        columns: Columns,
        written: &NewColumns,
    ) -> Result<()> {
        let mut sources: Vec<Source> = (0..self.columns.all.len()).map(Source::Old).collect();
        for (index, field) in new.schema.fields().iter().enumerate() {
            let place = self.stored.schema.index_of(field.name()).ok();
            match place.and_then(|place| sources.get_mut(place)) {
                Some(source) => *source = Source::New(index),
                None => sources.push(Source::New(index)),
            }
        }
        self.rearrange(&sources, new, columns, written)
    }

    /// Keeps some columns, in this order.
    pub(crate) fn keep_columns(&mut self, kept: &[usize]) -> Result<()> {
        let sources: Vec<Source> = kept.iter().copied().map(Source::Old).collect();
        let none = StoredSchema::new(Schema::empty(), Vec::new());
        self.rearrange(&sources, &none, Columns::default(), &NewColumns::default())
    }

    fn rearrange(
        &mut self,
        sources: &[Source],
        new: &StoredSchema,
        columns: Columns,
        written: &NewColumns,
    ) -> Result<()> {
        let (old_width, new_width) = (self.columns.all.len(), columns.all.len());
        let rearranged = self.tables.rearrange(old_width, written, new_width, sources);
        rearranged.map_err(|fault| self.damaged(fault))?;
        let metadata = std::mem::take(&mut self.stored.schema.metadata);
        let (mut fields, mut levels, mut ids, mut all) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut old_columns: Vec<_> = self.columns.all.drain(..).map(Some).collect();
        let mut new_columns: Vec<_> = columns.all.into_iter().map(Some).collect();
        for source in sources {
            let (stored, columns, index) = match *source {
                Source::Old(index) => (&self.stored, &mut old_columns, index),
                Source::New(index) => (new, &mut new_columns, index),
            };
            fields.extend(stored.schema.fields().get(index).cloned());
            levels.extend(stored.levels.get(index).cloned());
            ids.extend(stored.ids.get(index).copied());
            all.extend(columns.get_mut(index).and_then(Option::take));
        }
        self.columns.all = all;
        let schema = Schema::new_with_metadata(fields, metadata);
        self.stored = StoredSchema { schema, levels, ids, next_id: self.stored.next_id };
        Ok(())
    }

    /// Gives the levels of a factor other names.
    pub(crate) fn set_levels(&mut self, storage: &mut Storage, column: usize, levels: Levels) -> Result<()> {
        self.end_block(storage)?;
        if let Some(column) = self.columns.all.get_mut(column) {
            column.levels_written = levels.len();
            column.levels = Some(levels);
        }
        self.levels_renamed = true;
        Ok(())
    }

    /// Replaces a field.
    pub(crate) fn set_field(&mut self, column: usize, field: Field) {
        let mut field = Some(field);
        let fields = self.stored.schema.fields().iter().enumerate().map(|(index, old)| {
            if index == column { field.take().map_or_else(|| old.clone(), Into::into) } else { old.clone() }
        });
        let fields: Vec<_> = fields.collect();
        self.stored.schema =
            Schema::new_with_metadata(fields, std::mem::take(&mut self.stored.schema.metadata));
    }

    /// Low and high that fields state are made to hold for segments that are appended.
    pub(super) fn widen_ranges(&mut self, segments: &[Segment]) {
        let float = |scalar: &Option<crate::Scalar>| scalar.as_ref().and_then(crate::Scalar::as_f64);
        for (index, segment) in segments.iter().enumerate() {
            let Some(field) = self.stored.schema.fields().get(index) else { continue };
            let range = float(&segment.statistics.min).zip(float(&segment.statistics.max));
            if let Some((smallest, largest)) = range {
                let wider = widened(field, smallest, largest);
                if wider != **field {
                    self.set_field(index, wider);
                }
            }
        }
    }
}
