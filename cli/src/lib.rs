//! XDF files, out-of-core statistics and models, as one crate.
//!
//! It brings together the [`xdf`] format, the [`engine`] that moves data block by block, the [`algos`] that learn from
//! them, and the SQL types of [`sqlbridge`]; [`airline`] simulates data to try them on. The program `xdf` is built on it.
//!
//! # From rows to a model
//! ```
//! use rxdf::airline::AirlineSource;
//! use rxdf::algos::linear::LinMod;
//! use rxdf::engine::sink::{self, SinkOptions};
//! use rxdf::engine::{self, BlockSource, Local, ScanOptions, source};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = std::env::temp_dir().join(format!("rxdf-example-{}", std::process::id()));
//! std::fs::create_dir_all(&folder)?;
//! let path = folder.join("flights.xdf");
//!
//! // any source into any sink; here simulated flights into an XDF file
//! let flights = AirlineSource::new(10_000);
//! let scan = ScanOptions::default();
//! let sink = sink::create(&path, &flights.schema(), &SinkOptions::default())?;
//! let written = engine::transfer(flights.open(&scan)?, sink)?;
//! assert_eq!(written.rows, 10_000);
//!
//! // a model in one pass over the file, which may be larger than the memory
//! let data = source::open(&path)?;
//! let model = LinMod::new("ArrDelay ~ DayOfWeek + CRSDepTime")?;
//! let model = engine::fit(&model, data.as_ref(), &scan, &Local::default())?;
//! assert!(model.coefficient("CRSDepTime").unwrap() > 0.0, "later flights are later");
//! println!("{}", model.summary());
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok(())
//! # }
//! ```

pub mod airline;

pub use {algos, engine, sqlbridge, xdf};
