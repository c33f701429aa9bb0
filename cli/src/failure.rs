//! From an error to one sentence and an exit code.

use std::error::Error;
use std::fmt;
use std::io::{ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use engine::source::text::TextError;
use engine::syntax::SyntaxError;

/// Arguments that only turn out to be wrong after they have been parsed.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Usage {}

/// The failure of a command whose exit code 1 says what it found: it could not do its work, which is exit code 2.
#[derive(Debug)]
pub(crate) struct Trouble(Option<anyhow::Error>);

impl Trouble {
    /// The error with exit code 2 instead of 1.
    pub(crate) fn wrap(error: anyhow::Error) -> anyhow::Error {
        if error.is::<Found>() || error.is::<Self>() { error } else { Self(Some(error)).into() }
    }

    /// A failure that has been printed already.
    pub(crate) fn told() -> anyhow::Error {
        Self(None).into()
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |error| error.fmt(f))
    }
}

impl Error for Trouble {}

/// Work that was done and whose result is bad; it has been printed already.
#[derive(Debug)]
pub(crate) struct Found;

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("differences or damage were found")
    }
}

impl Error for Found {}

/// Prints the error, if there is something to say, and gives the exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if error.is::<Found>() {
        return ExitCode::from(1);
    }
    let (error, least) = match error.downcast_ref() {
        Some(Trouble(None)) => return ExitCode::from(2),
        Some(Trouble(Some(error))) => (error, 2),
        None => (error, 1),
    };
    // whoever read the output has seen enough
    let is_pipe = |error: &std::io::Error| error.kind() == ErrorKind::BrokenPipe;
    if error.chain().any(|cause| cause.downcast_ref().is_some_and(is_pipe)) {
        return ExitCode::SUCCESS;
    }
    say(error);
    ExitCode::from(code(error).max(least))
}

/// Prints help and version as they are, and what is wrong with the arguments as one sentence.
pub(crate) fn report_usage(error: &clap::Error) -> ExitCode {
    let whole = error.render().to_string();
    let Some(problem) = whole.strip_prefix("error: ").filter(|_| error.use_stderr()) else {
        // nothing is left to do when printing fails
        let _ = error.print();
        return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
    };
    let (problem, _) = problem.split_once("\nUsage:").unwrap_or((problem, ""));
    let (problem, _) = problem.split_once("\nFor more information").unwrap_or((problem, ""));
    let parts = problem.split("\n\n").map(one_line).filter(|part| !part.is_empty());
    let sentence =
        parts.map(|part| part.trim_start_matches("tip: ").to_owned()).collect::<Vec<_>>().join("; ");
    let _ = std::io::stderr().lock().write_all(format!("xdf: {sentence}; see --help\n").as_bytes());
    ExitCode::from(2)
}

/// Prints the error as one sentence on the standard error.
pub(crate) fn say(error: &anyhow::Error) {
    let stderr = std::io::stderr();
    let mut text = format!("xdf: {}\n", sentence(error));
    if stderr.is_terminal()
        && let Some(place) = place(error)
    {
        // below the sentence, for eyes: the text and the place
        for line in place.to_string().lines().skip(1).take(2) {
            text.push_str(line);
            text.push('\n');
        }
    }
    // when not even this can be written, nothing is left to say it to
    let _ = stderr.lock().write_all(text.as_bytes());
}

fn code(error: &anyhow::Error) -> u8 {
    let code = |cause: &(dyn Error + 'static)| match engine_error(cause) {
        Some(engine::Error::Cancelled) => Some(130),
        Some(
            engine::Error::InvalidOption { .. }
            | engine::Error::Syntax(_)
            | engine::Error::Xdf(xdf::Error::InvalidOption { .. })
            | engine::Error::Text(TextError::UnknownType { .. } | TextError::UnknownEncoding { .. }),
        ) => Some(2),
        _ if cause.is::<Usage>() || cause.is::<SyntaxError>() => Some(2),
        _ => match cause.downcast_ref() {
            Some(algos::Error::Formula { .. } | algos::Error::Option { .. }) => Some(2),
            _ => None,
        },
    };
    error.chain().find_map(code).unwrap_or(1)
}

/// The engine's error that a cause is, or that it passes on.
fn engine_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a engine::Error> {
    match cause.downcast_ref() {
        Some(algos::Error::Engine(error)) => Some(error),
        _ => cause.downcast_ref(),
    }
}

/// The place in a formula or an expression that an error is about.
fn place(error: &anyhow::Error) -> Option<&SyntaxError> {
    error.chain().find_map(|cause| match engine_error(cause) {
        Some(engine::Error::Syntax(syntax)) => Some(syntax),
        Some(engine::Error::Expr(expression)) => expression.place(),
        _ => cause.downcast_ref(),
    })
}

/// The error and its causes on one line; what a cause repeats is said once.
fn sentence(error: &anyhow::Error) -> String {
    if let Some(place) = place(error) {
        return sentence_of_place(place);
    }
    let mut sentence = String::new();
    for cause in error.chain() {
        let text = one_line(&cause.to_string());
        if sentence.is_empty() {
            sentence = text;
        } else if !sentence.contains(&text) {
            sentence = format!("{sentence}: {text}");
        }
    }
    match error.chain().find_map(|cause| hint(xdf_error(cause)?)) {
        Some(hint) => format!("{sentence}; {hint}"),
        None => sentence,
    }
}

/// The format's error that a cause is, or that it passes on.
fn xdf_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a xdf::Error> {
    match engine_error(cause) {
        Some(engine::Error::Xdf(error)) => Some(error),
        _ => cause.downcast_ref(),
    }
}

fn cast(column: &str) -> String {
    format!("--compute '{column} = as.numeric({column})' casts it, --drop {column} leaves it out")
}

/// What can be typed about an error of the format, which does not know this program.
fn hint(error: &xdf::Error) -> Option<String> {
    match error {
        xdf::Error::Folder { is_set: true, path } => Some(format!(
            "its files are in '{}', to be looked at and not to be changed",
            path.join("parts").display()
        )),
        xdf::Error::MicrosoftColumn { column, .. } => {
            Some(format!("{}, --allow-inferred allows it as it is", cast(column)))
        }
        xdf::Error::MicrosoftValue { column, .. } => Some(cast(column)),
        _ => None,
    }
}

fn sentence_of_place(error: &SyntaxError) -> String {
    let before = error.text.get(..error.span.start).unwrap_or(&error.text);
    let mut sentence = format!(
        "in '{}', at character {}: {}",
        one_line(&error.text),
        before.chars().count() + 1,
        one_line(&error.message)
    );
    if let Some(hint) = &error.hint {
        sentence = format!("{sentence}; {}", one_line(hint));
    }
    sentence
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use anyhow::Context;
    use engine::syntax::Span;

    use super::*;

    #[test]
    fn causes_are_joined_once_and_on_one_line() {
        let source = std::io::Error::new(ErrorKind::NotFound, "no such file");
        let error = anyhow::Error::from(engine::Error::Io { path: "a.csv".into(), source });
        let error = error.context("cannot import");
        assert_eq!(sentence(&error), "cannot import: a.csv: no such file");
        assert_eq!(code(&error), 1);
    }

    #[test]
    fn syntax_errors_are_usage_errors_that_name_the_place() {
        let error = SyntaxError::new("a +\n* b", Span::new(4, 5), "unexpected '*'").with_hint("remove it");
        let error = anyhow::Error::from(engine::Error::Syntax(error));
        assert_eq!(sentence(&error), "in 'a + * b', at character 5: unexpected '*'; remove it");
        assert_eq!(code(&error), 2);
    }

    #[test]
    fn cancelling_and_bad_options_have_codes_of_their_own() {
        assert_eq!(code(&engine::Error::Cancelled.into()), 130);
        assert_eq!(code(&Usage("no".into()).into()), 2);
        let failed: anyhow::Result<()> = Err(Usage("no".into()).into());
        assert_eq!(code(&failed.context("outer").unwrap_err()), 2);
    }
}
