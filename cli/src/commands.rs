//! One file a command.

mod add_columns;
mod append;
mod cat;
mod compact;
mod completions;
mod composite;
mod compute;
mod cor;
mod crosstabs;
mod demo;
mod diff;
mod drop;
mod editing;
mod export;
mod fit;
mod generate;
mod head;
mod histogram;
mod import;
mod info;
mod kmeans;
mod layout;
mod lorenz;
mod moving;
mod partition;
mod pca;
mod predict;
mod quantile;
mod rename;
mod repair;
mod roc;
mod set;
mod summary;
mod verify;

use crate::args::{Command, FitCommand, GenerateCommand};
use crate::failure;
use crate::session::Session;

/// Runs a command.
pub(crate) fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    match command {
        Command::Import(args) => import::run(&args, session),
        Command::Export(args) => export::run(&args, session),
        Command::Partition(args) => partition::run(&args, session),
        Command::Composite(command) => composite::run(&command, session),
        Command::Info(args) => info::run(&args, session),
        Command::Head(args) => head::run(&args, session),
        Command::Cat(args) => cat::run(&args, session),
        Command::Summary(args) => summary::run(&args, session),
        Command::Quantile(args) => quantile::run(&args, session),
        Command::Cor(args) => cor::run(&args, session),
        Command::Crosstabs(args) => crosstabs::run(&args, session),
        Command::Histogram(args) => histogram::run(&args, session),
        Command::Lorenz(args) => lorenz::run(&args, session),
        Command::Pca(args) => pca::run(&args, session),
        Command::Roc(args) => roc::run(&args, session),
        Command::Fit(command) => match *command {
            FitCommand::Linmod(args) => fit::linmod(&args, session),
            FitCommand::Logit(args) => fit::logit(&args, session),
            FitCommand::Glm(args) => fit::glm(&args, session),
            FitCommand::KMeans(args) => kmeans::run(&args, session),
            FitCommand::NaiveBayes(args) => fit::naive_bayes(&args, session),
        },
        Command::Predict(args) => predict::run(&args, session),
        Command::Diff(args) => diff::run(&args, session).map_err(failure::Trouble::wrap),
        Command::Layout(args) => layout::run(&args, session),
        Command::Verify(args) => verify::run(&args, session).map_err(failure::Trouble::wrap),
        Command::Append(args) => append::run(&args, session),
        Command::AddColumns(args) => add_columns::run(&args, session),
        Command::Compute(args) => compute::run(&args, session),
        Command::Rename(args) => rename::run(&args, session),
        Command::Drop(args) => drop::run(&args, session),
        Command::Set(args) => set::run(&args, session),
        Command::Compact(args) => compact::run(&args, session),
        Command::Repair(args) => repair::run(&args, session).map_err(failure::Trouble::wrap),
        Command::Generate(GenerateCommand::Airline(args)) => generate::airline(&args, session),
        Command::Demo(args) => demo::run(&args, session),
        Command::Completions(args) => completions::run(&args),
    }
}
