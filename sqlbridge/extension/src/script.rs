//! What a script can say.
//!
//! ```text
//! rxdf task 1 <base64>           a pass of an algorithm, made by a client
//! summary ~ income + age:sex     an algorithm and a formula: a table of results
//! lin_mod income ~ age           the same; the model in the parameter @model, if that is OUTPUT
//! predict                        the predictions of the model in the parameter @model
//! predict id, name               the same behind these columns; * for all
//! ```
//!
//! Programs are one line; what else they need are parameters ([`crate::params`]). No text of a script is executed.

use algos::task::Algorithm;
use engine::formula::Formula;
use engine::task::Task;

use crate::error::{Error, Result};

/// A script taken apart.
#[derive(Debug)]
pub enum Script {
    /// A task.
    Task(Task),
    /// An algorithm and its formula.
    Fit(Box<Algorithm>, Formula),
    /// Scoring.
    Predict(Kept),
}

/// The columns of the input that stand before predictions.
#[derive(Debug, PartialEq, Eq)]
pub enum Kept {
    /// These.
    Columns(Vec<String>),
    /// All that are no binary ones.
    All,
}

impl Script {
    /// The script in a text.
    ///
    /// # Errors
    /// When it is none of the above.
    pub fn parse(text: &str) -> Result<Self> {
        if Task::is_script(text) {
            return Ok(Self::Task(Task::from_script(text)?));
        }
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let [line] = lines.as_slice() else {
            let reason = format!("a program is one line, but there are {}", lines.len());
            return Err(Error::Script(reason));
        };
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        if name == "predict" {
            return Ok(Self::Predict(kept(rest)?));
        }
        if !Algorithm::NAMES.contains(&name) {
            let name: String = name.chars().take(40).collect();
            return Err(Error::Script(format!(
                "'{name}' is no program; it is predict, {}, or a task of a client",
                Algorithm::NAMES.join(", ")
            )));
        }
        let formula = Formula::parse(rest).map_err(engine::Error::from)?;
        Ok(Self::Fit(Box::new(Algorithm::with_defaults(name, rest)?), formula))
    }
}

/// Names between commas, in brackets or quotes where they have commas or blanks in them.
fn kept(text: &str) -> Result<Kept> {
    if text == "*" {
        return Ok(Kept::All);
    }
    let mut names = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let closing = match rest.chars().next() {
            Some('[') => Some(']'),
            Some('"') => Some('"'),
            _ => None,
        };
        let (name, after) = match closing {
            None => {
                let (name, after) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
                (name.trim().to_owned(), after)
            }
            Some(closing) => quoted(rest.get(1..).unwrap_or_default(), closing)
                .ok_or_else(|| Error::Script(format!("the name {rest} has no end")))?,
        };
        if name.is_empty() {
            return Err(Error::Script(format!("'{text}' is no list of columns such as: predict id, name")));
        }
        names.push(name);
        rest = match after.trim_start() {
            "" => "",
            after => match after.strip_prefix(',').map(str::trim_start) {
                Some(more) if !more.is_empty() => more,
                _ => return Err(Error::Script(format!("'{after}' is no further column"))),
            },
        };
    }
    Ok(Kept::Columns(names))
}

/// A name up to its closing sign, which stands twice where it is part of it, and what follows.
fn quoted(text: &str, closing: char) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once(closing)?;
        name.push_str(part);
        match after.strip_prefix(closing) {
            None => return Some((name, after)),
            Some(after) => {
                name.push(closing);
                rest = after;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_one_line() {
        let Script::Fit(algorithm, formula) = Script::parse("\n  summary ~ x + y \n").unwrap() else {
            panic!()
        };
        assert_eq!((algorithm.name(), formula.columns()), ("summary", vec!["x".into(), "y".into()]));
        let wrong = |text: &str| Script::parse(text).unwrap_err().to_string();
        assert!(wrong("").contains("there are 0"));
        assert!(wrong("summary ~ x\nsummary ~ y").contains("there are 2"));
        assert!(wrong("import os").contains("'import' is no program"));
        assert!(wrong("lin_mod y ~ (").contains("y ~ ("), "{}", wrong("lin_mod y ~ ("));
        assert!(wrong("rxdf task 1 x").contains("not a usable task"));
    }

    #[test]
    fn columns_that_are_kept() {
        let names = |text: &str| match kept(text).unwrap() {
            Kept::Columns(names) => names,
            Kept::All => vec!["*".into()],
        };
        assert!(names("").is_empty());
        assert_eq!(names("*"), ["*"]);
        assert_eq!(names("id, first name"), ["id", "first name"]);
        assert_eq!(names("[a]], b] , \"c\"\"d\",e"), ["a], b", "c\"d", "e"]);
        for wrong in ["a,", ",a", "[a", "[a] b", "a,,b"] {
            assert!(kept(wrong).is_err(), "{wrong}");
        }
    }
}
