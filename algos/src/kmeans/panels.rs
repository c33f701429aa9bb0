//! Rows as the search for centers takes them: [`PANEL`] rows together, coordinate by coordinate.

use serde::{Deserialize, Serialize};

use crate::design::Dense;

/// Rows of a panel.
pub(super) const PANEL: usize = 32;

/// Rows in panels, the last of which may be filled in part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Panels {
    columns: usize,
    len: usize,
    values: Vec<f64>,
}

impl Panels {
    /// No rows, with room for some.
    pub(super) fn with_capacity(columns: usize, rows: usize) -> Self {
        Self { columns, len: 0, values: Vec::with_capacity(rows.div_ceil(PANEL) * PANEL * columns) }
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether they are whole and have so many columns.
    pub(super) fn fit(&self, columns: usize) -> bool {
        self.columns == columns && self.values.len() == self.len.div_ceil(PANEL) * PANEL * columns
    }

    /// Forgets all rows.
    pub(super) fn clear(&mut self) {
        self.len = 0;
        self.values.clear();
    }

    /// Adds the rows of a tile that count.
    pub(super) fn extend(&mut self, dense: &Dense<'_>) {
        let from = self.len;
        self.len += dense.kept;
        self.values.resize(self.len.div_ceil(PANEL) * PANEL * self.columns, 0.0);
        let lane = from % PANEL;
        let head = dense.kept.min(PANEL - lane);
        let width = PANEL * self.columns;
        for (at, column) in dense.columns().enumerate() {
            let (first, rest) = column.split_at(head);
            let mut panels = self.values[from / PANEL * width..].chunks_exact_mut(width);
            if let Some(panel) = panels.next() {
                panel[at * PANEL + lane..][..head].copy_from_slice(first);
            }
            for (panel, part) in panels.zip(rest.chunks(PANEL)) {
                panel[at * PANEL..][..part.len()].copy_from_slice(part);
            }
        }
    }

    /// Adds a row, which may be one of other panels.
    pub(super) fn push(&mut self, row: impl Iterator<Item = f64>) {
        let (panel, lane) = (self.len / PANEL, self.len % PANEL);
        if lane == 0 {
            self.values.resize((panel + 1) * PANEL * self.columns, 0.0);
        }
        let panel = &mut self.values[panel * PANEL * self.columns..];
        for (column, x) in panel.chunks_exact_mut(PANEL).zip(row) {
            column[lane] = x;
        }
        self.len += 1;
    }

    /// Takes `shift` from each row.
    pub(super) fn subtract(&mut self, shift: &[f64]) {
        for panel in self.values.chunks_exact_mut((PANEL * self.columns).max(1)) {
            for (column, shift) in panel.chunks_exact_mut(PANEL).zip(shift) {
                for x in column {
                    *x -= shift;
                }
            }
        }
    }

    /// The panels, each with the number of its rows.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[f64], usize)> {
        let panels = self.values.chunks_exact((PANEL * self.columns).max(1));
        (0..).step_by(PANEL).zip(panels).map(|(from, panel)| (panel, (self.len - from).min(PANEL)))
    }
}

/// The coordinates of a row of a panel.
pub(super) fn row(panel: &[f64], lane: usize) -> impl Iterator<Item = f64> + Clone {
    panel.as_chunks::<PANEL>().0.iter().map(move |column| column[lane])
}
