//! Calls: arguments by place and by name, conversions, and what was meant by a name that is none.

use super::{Parsed, Parser};
use crate::expr::ast::{Ast, Kind};
use crate::expr::functions::{self, Function};
use crate::syntax::{Kind as Lexeme, Span, Symbol, SyntaxError, closest};

impl Parser<'_, '_> {
    /// The rest of a call after its opening parenthesis.
    pub(super) fn call_of(&mut self, name: &str, span: Span, open: Span) -> Parsed {
        // Inside of the parentheses of a call nothing of an outer `case` can follow.
        let cases = std::mem::take(&mut self.cases);
        let result = if name.eq_ignore_ascii_case("cast") {
            self.cast(span, open)
        } else if let Some(to) = functions::conversion(name) {
            let arguments = self.arguments(open, &["x"], false)?;
            self.check_count(name, span, &arguments, 1, 1)?;
            let whole = span.to(self.last());
            match arguments.into_iter().next() {
                Some(value) => self.make(Kind::Cast(Box::new(value), to), whole),
                None => Err(self.cursor.unexpected("a value")),
            }
        } else if let Some(signature) = functions::lookup(name) {
            let arguments =
                self.arguments(open, signature.parameters, signature.function == Function::Factor)?;
            let whole = span.to(self.last());
            // SQL Server's isnull with two arguments is coalesce.
            if signature.function == Function::IsMissing && arguments.len() == 2 {
                self.make(Kind::Call(Function::Coalesce, arguments), whole)
            } else {
                self.check_count(name, span, &arguments, signature.min, signature.max)?;
                self.make(call_kind(signature.function, arguments), whole)
            }
        } else {
            Err(self.unknown_function(name, span))
        };
        self.cases = cases;
        result
    }

    fn last(&self) -> Span {
        self.cursor.previous().map_or(Span::default(), |token| token.span)
    }

    fn cast(&mut self, span: Span, open: Span) -> Parsed {
        let value = self.binding(0)?;
        if !self.cursor.accept_word("as") {
            return Err(self.cursor.unexpected("'as'").with_hint("write cast(x as integer)"));
        }
        let token = self.cursor.advance();
        let to = match &token.kind {
            Lexeme::Name { name, .. } => functions::type_named(name),
            _ => None,
        };
        let Some(to) = to else {
            let word = token.span.of(self.cursor.text());
            let error = self
                .cursor
                .error(token.span, format!("there is no type {}", token.describe(self.cursor.text())));
            let near = closest(word, functions::type_names());
            let known = "integer, float, text, boolean, date or timestamp";
            return Err(error.with_hint(match near.first() {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("write {known}"),
            }));
        };
        self.cursor.accept_word("precision");
        // The length of varchar(20) changes nothing.
        let length = self.cursor.peek().span;
        if self.cursor.accept(Symbol::Open) {
            while matches!(self.cursor.peek().kind, Lexeme::Integer(_) | Lexeme::Symbol(Symbol::Comma))
                || self.cursor.peek().is_word("max")
            {
                self.cursor.advance();
            }
            self.cursor.close(length, Symbol::Close)?;
        }
        let close = self.cursor.close(open, Symbol::Close)?;
        self.make(Kind::Cast(Box::new(value), to), span.to(close))
    }

    /// Arguments up to the closing parenthesis, in the order of the parameters.
    fn arguments(&mut self, open: Span, parameters: &[&str], lists: bool) -> Parsed<Vec<Ast>> {
        let mut arguments: Vec<Ast> = Vec::new();
        let mut named: Vec<(usize, Ast)> = Vec::new();
        if self.cursor.accept(Symbol::Close) {
            return Ok(arguments);
        }
        loop {
            let parameter = self.parameter(parameters);
            let is_list = lists
                && (self.cursor.peek().is(Symbol::OpenList)
                    || (self.cursor.peek().is_word("c") && self.cursor.peek_ahead(1).is(Symbol::Open)));
            if is_list {
                arguments.extend(self.list()?);
            } else {
                let value = self.binding(0)?;
                match parameter {
                    Some(at) => named.push((at, value)),
                    None => arguments.push(value),
                }
            }
            if !self.cursor.accept(Symbol::Comma) {
                self.cursor.close(open, Symbol::Close)?;
                break;
            }
        }
        named.sort_by_key(|(at, _)| *at);
        for (at, value) in named {
            if at > arguments.len() {
                let missing = parameters.get(arguments.len()).copied().unwrap_or("x");
                return Err(self.cursor.error(value.span, format!("the argument '{missing}' is missing")));
            }
            arguments.insert(at, value);
        }
        Ok(arguments)
    }

    /// `name =` before an argument, when the function has such a parameter.
    fn parameter(&mut self, parameters: &[&str]) -> Option<usize> {
        let Lexeme::Name { name, quoted: false } = &self.cursor.peek().kind else { return None };
        let at = parameters.iter().position(|parameter| parameter.eq_ignore_ascii_case(name))?;
        if !self.cursor.peek_ahead(1).is(Symbol::Assign) || at == 0 {
            return None;
        }
        self.cursor.advance();
        self.cursor.advance();
        Some(at)
    }

    fn check_count(&self, name: &str, span: Span, arguments: &[Ast], min: usize, max: usize) -> Parsed<()> {
        let count = arguments.len();
        if (min..=max).contains(&count) {
            return Ok(());
        }
        let plural = |n: usize| if n == 1 { "argument" } else { "arguments" };
        let expected = match (min, max) {
            (min, max) if min == max => format!("{min} {}", plural(min)),
            (min, usize::MAX) => format!("at least {min} {}", plural(min)),
            (min, max) => format!("{min} or {max} arguments"),
        };
        Err(self.cursor.error(span.to(self.last()), format!("{name} takes {expected}, not {count}")))
    }

    fn unknown_function(&self, name: &str, span: Span) -> SyntaxError {
        if functions::is_aggregate(name) {
            let message = format!("{name} is taken over all rows, but an expression sees one row at a time");
            let hint = match name.to_ascii_lowercase().as_str() {
                "min" => "for the smaller of two values write pmin(a, b)",
                "max" => "for the larger of two values write pmax(a, b)",
                _ => "compute it first with a summary, then write the number",
            };
            return self.cursor.error(span, message).with_hint(hint);
        }
        let error = self.cursor.error(span, format!("there is no function '{name}'"));
        if name.eq_ignore_ascii_case("if") {
            return error.with_hint("write ifelse(condition, yes, no)");
        }
        if name == "c" {
            return error.with_hint("a list c(...) can only stand after in or %in%");
        }
        if let Some((object, method)) = name.rsplit_once('.') {
            let object = object.trim_end_matches(".str").trim_end_matches(".dt");
            if functions::lookup(method).is_some() || functions::conversion(method).is_some() {
                return error.with_hint(format!("write {method}({object})"));
            }
        }
        match closest(name, functions::names()).first() {
            Some(near) => error.with_hint(format!("did you mean '{near}'?")),
            None => error,
        }
    }
}

/// Calls that are nodes of their own.
fn call_kind(function: Function, mut arguments: Vec<Ast>) -> Kind {
    if function == Function::IfElse && arguments.len() == 3 {
        let no = Box::new(arguments.remove(2));
        let yes = Box::new(arguments.remove(1));
        return Kind::If(Box::new(arguments.remove(0)), yes, no);
    }
    Kind::Call(function, arguments)
}
