//! `xdf demo`: the whole way from a text file to predictions, with times and rates.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use algos::linear::LinMod;
use algos::model;
use algos::predict::{self, PredictOptions};
use algos::summary::{Layout, SummaryOptions};
use engine::sink::SinkOptions;
use rxdf::airline::AirlineSource;
use serde_json::{Value, json};

use super::info::{Info, Stored};
use super::{fit, moving, predict as predicting, summary};
use crate::args::{DemoArgs, Factor, Reading, Selecting};
use crate::input::{self, Source};
use crate::output::{self, count, print_json, seconds};
use crate::session::Session;

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const SUMMARY: &str = "~ ArrDelay + CRSDepTime + DayOfWeek + ArrDelay:DayOfWeek";
const MODEL: &str = "ArrDelay ~ DayOfWeek + CRSDepTime";

pub(super) fn run(args: &DemoArgs, session: &Session) -> anyhow::Result<()> {
    let folder = Folder::new(args.dir.as_deref())?;
    let mut demo = Demo { session, times: Vec::new() };
    let all = Selecting::default();
    let options = SinkOptions { overwrite: true, ..SinkOptions::default() };
    let file = |name: &str| folder.path.join(name);

    let csv = file("airline.csv");
    demo.heading(&format!("Generate {} rows of simulated flights as text", count(args.rows)))?;
    let flights: Source = Arc::new(AirlineSource::new(args.rows));
    let generated = moving::transfer("generating", &flights, &csv, &options, &all, session)?;
    demo.step("generate", args.rows, generated.seconds, &format!("{}: {}", csv.display(), generated.line()))?;

    let flights = file("airline.xdf");
    demo.heading("Import them: types are inferred, texts become factors")?;
    let reading = Reading {
        strings_as_factors: true,
        factor: vec![Factor {
            name: "DayOfWeek".into(),
            levels: Some(DAYS.iter().map(ToString::to_string).collect()),
        }],
        ..Reading::default()
    };
    let text = input::open(std::slice::from_ref(&csv), &reading)?;
    let imported = moving::transfer("importing", &text, &flights, &options, &all, session)?;
    demo.step("import", args.rows, imported.seconds, &format!("{}: {}", flights.display(), imported.line()))?;

    demo.heading("Describe the file")?;
    let data = input::open(std::slice::from_ref(&flights), &Reading::default())?;
    demo.print(&Info::new(&data, Stored::open(&flights).as_ref(), true, false).text())?;

    demo.heading(&format!("Summarise: {SUMMARY}"))?;
    let started = Instant::now();
    let mut summarised = summary::compute(SUMMARY, &data, &SummaryOptions::default(), &all, session)?;
    let elapsed = started.elapsed().as_secs_f64();
    summarised.call = format!("xdf summary '{SUMMARY}' {}", flights.display());
    demo.print(&summarised.render(Layout::R))?;
    demo.step("summary", args.rows, elapsed, &format!("\n{}", fit::measures(args.rows, elapsed)))?;

    demo.heading(&format!("Fit a linear model: {MODEL}"))?;
    let started = Instant::now();
    let fitted = fit::run(&LinMod::new(MODEL)?, &data, &all, "fitting", session)?;
    let elapsed = started.elapsed().as_secs_f64();
    let call = format!("xdf fit linmod '{MODEL}' {}", flights.display());
    let fitted = fitted.with_call(call).with_data(data.info().name);
    model::save(&fitted, file("delay.model"), true)?;
    demo.print(&fitted.summary())?;
    demo.step("fit", args.rows, elapsed, &format!("\n{}", fit::measures(args.rows, elapsed)))?;

    let predicted = file("predicted.xdf");
    demo.heading("Predict every flight into a new file")?;
    let started = Instant::now();
    let wanted = PredictOptions::default();
    let columns = predict::output_schema(&fitted, &data.schema(), &wanted)?.fields().len();
    let report = predicting::compute(&fitted, &data, &wanted, &predicted, &options, &all, session)?;
    let elapsed = started.elapsed().as_secs_f64();
    let line = format!("{}: {}", predicted.display(), predicting::measures(&report, columns, elapsed));
    demo.step("predict", args.rows, elapsed, &line)?;
    demo.finish(&folder)
}

/// Prints as it goes, and remembers the times.
struct Demo<'a> {
    session: &'a Session,
    times: Vec<(&'static str, u64, f64)>,
}

impl Demo<'_> {
    fn print(&self, text: &str) -> anyhow::Result<()> {
        if self.session.json { Ok(()) } else { output::print(text) }
    }

    fn heading(&self, text: &str) -> anyhow::Result<()> {
        let number = self.times.len() + 1;
        self.print(&format!("{}== {text}", if number > 1 { "\n" } else { "" }))
    }

    fn step(&mut self, name: &'static str, rows: u64, elapsed: f64, line: &str) -> anyhow::Result<()> {
        self.times.push((name, rows, elapsed));
        self.print(line)
    }

    fn finish(&self, folder: &Folder) -> anyhow::Result<()> {
        if self.session.json {
            let steps = self.times.iter().map(|(name, rows, elapsed)| {
                json!({ "step": name, "numRows": rows, "seconds": elapsed, "rowsPerSecond": *rows as f64 / elapsed })
            });
            return print_json(&json!({ "dir": folder.path, "steps": steps.collect::<Vec<Value>>() }));
        }
        self.print("\n== Times")?;
        let mut table = output::Table::new(["step", "time", "rows/s"]);
        for (name, rows, elapsed) in &self.times {
            let rate = (*rows as f64 / elapsed.max(1e-9)).round() as u64;
            table.row([(*name).to_owned(), seconds(*elapsed), count(rate)]);
        }
        self.print(&table.text(|column| column > 0))?;
        let kept = if folder.temporary { "The files are removed now" } else { "The files stay" };
        self.print(&format!("{kept}: {}", folder.path.display()))
    }
}

/// Where the files are; a temporary one goes away with its files.
struct Folder {
    path: PathBuf,
    temporary: bool,
}

impl Folder {
    fn new(wanted: Option<&Path>) -> anyhow::Result<Self> {
        let temporary = || std::env::temp_dir().join(format!("xdf-demo-{}", std::process::id()));
        let path = wanted.map_or_else(temporary, Path::to_path_buf);
        std::fs::create_dir_all(&path).map_err(|source| engine::Error::Io { path: path.clone(), source })?;
        Ok(Self { path, temporary: wanted.is_none() })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary {
            // best effort: it lies among the system's temporary files anyway
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
