//! Tokens to tree: precedence climbing.
//!
//! From loosest to tightest, with the language that decides where they differ:
//!
//! | binding | operators | |
//! |---|---|---|
//! | 2 | `a if c else b` | Python |
//! | 10 | `or`, `\|`, `\|\|` | |
//! | 20 | `and`, `&`, `&&` | |
//! | 30 | `not`, `!` | R, Python and SQL agree: below the comparisons |
//! | 40 | `==` `=` `!=` `<>` `<` `<=` `>` `>=`, `in`, `is`, `like`, `between` | do not chain |
//! | 50 | `+`, `-` | |
//! | 60 | `*`, `/`, `%`, `//` | Python, SQL |
//! | 70 | `%%`, `%/%` | R: tighter than `*` |
//! | 80 | unary `-`, `+` | |
//! | 90 | `^`, `**` | from the right; `-2^2` is -4 and `2^-1` is one half |

mod calls;

use super::ast::{Arithmetic, Ast, Comparison, Connective, Kind, Literal};
use super::functions::{self, Function};
use crate::syntax::{Cursor, Kind as Lexeme, Span, Symbol, SyntaxError, Token};

const TERNARY: u8 = 2;
const OR: u8 = 10;
const AND: u8 = 20;
const NOT: u8 = 30;
const COMPARE: u8 = 40;
const SUM: u8 = 50;
const SIGN: u8 = 80;
const POWER: u8 = 90;

type Parsed<T = Ast> = Result<T, SyntaxError>;

/// What an operator does with the expression to its left.
enum Infix {
    Connect(Connective),
    Compare(Comparison),
    /// `in`, `is`, `like`, `between`, each perhaps after `not`.
    Test,
    Arithmetic(Arithmetic),
    Ternary,
}

/// A parser of expressions on a cursor that it may share with the parser of formulas.
pub(crate) struct Parser<'c, 't> {
    cursor: &'c mut Cursor<'t>,
    /// How many `case` are open: only there are `when`, `then` and `end` reserved.
    cases: usize,
}

impl<'c, 't> Parser<'c, 't> {
    pub(crate) fn new(cursor: &'c mut Cursor<'t>) -> Self {
        Self { cursor, cases: 0 }
    }

    /// Parses an expression as far as it goes.
    pub(crate) fn expression(&mut self) -> Parsed {
        self.binding(0)
    }

    /// Parses a call; the cursor stands on the name of the function.
    pub(crate) fn call(&mut self) -> Parsed {
        let name = self.cursor.advance();
        let open = self.cursor.advance().span;
        match &name.kind {
            Lexeme::Name { name: word, .. } => {
                let word = word.clone();
                self.call_of(&word, name.span, open)
            }
            _ => Err(self.cursor.unexpected("a function")),
        }
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Parser<'_, 't>) -> Parsed<T>) -> Parsed<T> {
        let cases = self.cases;
        self.cursor.nested(|cursor| parse(&mut Parser { cursor, cases }))
    }

    fn make(&self, kind: Kind, span: Span) -> Parsed {
        let ast = Ast::new(kind, span);
        if ast.is_too_deep() {
            return Err(self.cursor.too_deep(span));
        }
        Ok(ast)
    }

    fn binding(&mut self, least: u8) -> Parsed {
        self.nested(|parser| {
            let mut left = parser.prefix()?;
            let mut compared = false;
            while let Some((power, infix)) = parser.infix() {
                if power < least {
                    break;
                }
                if power == COMPARE {
                    if compared {
                        return Err(parser.chain(&left));
                    }
                    compared = true;
                }
                left = parser.apply(left, &infix)?;
            }
            Ok(left)
        })
    }

    /// The operator at the cursor and how tightly it binds.
    fn infix(&self) -> Option<(u8, Infix)> {
        let token = self.cursor.peek();
        if let Lexeme::Symbol(symbol) = &token.kind {
            let compare = |comparison| Some((COMPARE, Infix::Compare(comparison)));
            let arithmetic = |power, operator| Some((power, Infix::Arithmetic(operator)));
            return match symbol {
                Symbol::Or => Some((OR, Infix::Connect(Connective::Or))),
                Symbol::And => Some((AND, Infix::Connect(Connective::And))),
                Symbol::Equal | Symbol::Assign => compare(Comparison::Equal),
                Symbol::NotEqual => compare(Comparison::NotEqual),
                Symbol::Less => compare(Comparison::Less),
                Symbol::LessEqual => compare(Comparison::LessEqual),
                Symbol::Greater => compare(Comparison::Greater),
                Symbol::GreaterEqual => compare(Comparison::GreaterEqual),
                Symbol::PercentIn => Some((COMPARE, Infix::Test)),
                Symbol::Plus => arithmetic(SUM, Arithmetic::Add),
                Symbol::Minus => arithmetic(SUM, Arithmetic::Subtract),
                Symbol::Star => arithmetic(60, Arithmetic::Multiply),
                Symbol::Slash => arithmetic(60, Arithmetic::Divide),
                Symbol::Percent => arithmetic(60, Arithmetic::Modulo),
                Symbol::FloorDivide => arithmetic(60, Arithmetic::FloorDivide),
                Symbol::PercentPercent => arithmetic(70, Arithmetic::Modulo),
                Symbol::PercentDivide => arithmetic(70, Arithmetic::FloorDivide),
                Symbol::Caret => arithmetic(POWER, Arithmetic::Power),
                _ => None,
            };
        }
        if token.is_word("or") {
            return Some((OR, Infix::Connect(Connective::Or)));
        }
        if token.is_word("and") {
            return Some((AND, Infix::Connect(Connective::And)));
        }
        if token.is_word("if") {
            return Some((TERNARY, Infix::Ternary));
        }
        let is_test =
            |token: &Token| ["in", "like", "ilike", "between"].iter().any(|word| token.is_word(word));
        let negated = token.is_word("not") && is_test(self.cursor.peek_ahead(1));
        (is_test(token) || token.is_word("is") || negated).then_some((COMPARE, Infix::Test))
    }

    fn apply(&mut self, left: Ast, infix: &Infix) -> Parsed {
        match infix {
            Infix::Connect(connective) => {
                let power = if *connective == Connective::Or { OR } else { AND };
                let mut all = vec![left];
                while matches!(self.infix(), Some((_, Infix::Connect(next))) if next == *connective) {
                    self.cursor.advance();
                    all.push(self.binding(power + 1)?);
                }
                let span = span_of(&all);
                self.make(Kind::Connect(*connective, all), span)
            }
            Infix::Compare(comparison) => {
                self.cursor.advance();
                let right = self.binding(COMPARE + 1)?;
                for (side, other) in [(&left, &right), (&right, &left)] {
                    if side.kind == Kind::Literal(Literal::Null) {
                        let error = self.cursor.error(
                            left.span.to(right.span),
                            "a comparison with a missing value is always missing",
                        );
                        let other = other.span.of(self.cursor.text());
                        return Err(error.with_hint(match comparison {
                            Comparison::NotEqual => format!("write !is.na({other}) or {other} is not null"),
                            _ => format!("write is.na({other}) or {other} is null"),
                        }));
                    }
                }
                let span = left.span.to(right.span);
                self.make(Kind::Compare(*comparison, Box::new(left), Box::new(right)), span)
            }
            Infix::Test => self.test(left),
            Infix::Arithmetic(operator) => {
                let token = self.cursor.advance();
                let right = self.binding(match operator {
                    // From the right, and a sign may stand before the exponent.
                    Arithmetic::Power => SIGN,
                    Arithmetic::Add | Arithmetic::Subtract => SUM + 1,
                    _ if matches!(
                        token.kind,
                        Lexeme::Symbol(Symbol::PercentPercent | Symbol::PercentDivide)
                    ) =>
                    {
                        71
                    }
                    _ => 61,
                })?;
                let span = left.span.to(right.span);
                self.make(Kind::Arithmetic(*operator, Box::new(left), Box::new(right)), span)
            }
            Infix::Ternary => {
                self.cursor.advance();
                let test = self.binding(OR)?;
                if !self.cursor.accept_word("else") {
                    return Err(self
                        .cursor
                        .unexpected("'else'")
                        .with_hint("write value if condition else other"));
                }
                let otherwise = self.binding(TERNARY)?;
                let span = left.span.to(otherwise.span);
                self.make(Kind::If(Box::new(test), Box::new(left), Box::new(otherwise)), span)
            }
        }
    }

    /// `in`, `is`, `like`, `between` and their negations.
    fn test(&mut self, left: Ast) -> Parsed {
        let mut negated = self.cursor.accept_word("not");
        let word = self.cursor.advance();
        let start = left.span;
        let kind = if word.is_word("is") {
            negated = self.cursor.accept_word("not");
            let what = self.cursor.advance();
            if ["null", "na", "none", "missing"].iter().any(|word| what.is_word(word)) {
                Kind::Call(Function::IsMissing, vec![left])
            } else if what.is_word("nan") {
                Kind::Call(Function::IsNan, vec![left])
            } else {
                return Err(self
                    .cursor
                    .error(what.span, "expected 'null' or 'not null' after 'is'")
                    .with_hint("compare values with =="));
            }
        } else if word.is_word("between") {
            let low = self.binding(SUM)?;
            if !self.cursor.accept_word("and") {
                return Err(self.cursor.unexpected("'and'").with_hint("write x between low and high"));
            }
            let high = self.binding(SUM)?;
            Kind::Between(Box::new(left), Box::new(low), Box::new(high))
        } else if word.is_word("like") || word.is_word("ilike") {
            let pattern = self.binding(SUM)?;
            Kind::Like {
                value: Box::new(left),
                pattern: Box::new(pattern),
                ignore_case: word.is_word("ilike"),
            }
        } else {
            let list = self.list()?;
            Kind::In(Box::new(left), list)
        };
        let span = start.to(self.cursor.previous().map_or(start, |token| token.span));
        let positive = self.make(kind, span)?;
        if negated { self.make(Kind::Not(Box::new(positive)), span) } else { Ok(positive) }
    }

    /// `(a, b)`, `c(a, b)`, `[a, b]`, or a single value.
    fn list(&mut self) -> Parsed<Vec<Ast>> {
        let named = self.cursor.peek().is_word("c") && self.cursor.peek_ahead(1).is(Symbol::Open);
        if named {
            self.cursor.advance();
        }
        let open = self.cursor.peek().span;
        let close = if self.cursor.accept(Symbol::Open) {
            Symbol::Close
        } else if self.cursor.accept(Symbol::OpenList) {
            Symbol::CloseList
        } else {
            return Ok(vec![self.binding(SUM)?]);
        };
        let mut list = Vec::new();
        if self.cursor.peek().is(close) {
            let span = open.to(self.cursor.peek().span);
            return Err(self.cursor.error(span, "the list is empty"));
        }
        loop {
            list.push(self.binding(0)?);
            if !self.cursor.accept(Symbol::Comma) {
                self.cursor.close(open, close)?;
                return Ok(list);
            }
            // Python allows a comma after the last element.
            if self.cursor.accept(close) {
                return Ok(list);
            }
        }
    }

    fn chain(&self, left: &Ast) -> SyntaxError {
        let operator = self.cursor.peek();
        let error = self.cursor.error(operator.span, "comparisons do not chain");
        match &left.kind {
            Kind::Compare(_, _, middle) => {
                let text = self.cursor.text();
                let (left, middle) = (left.span.of(text), middle.span.of(text));
                let next = operator.span.of(text);
                error.with_hint(format!("write {left} & {middle} {next} ..."))
            }
            _ => error.with_hint("put the first one in parentheses"),
        }
    }

    fn prefix(&mut self) -> Parsed {
        let token = self.cursor.peek().clone();
        match &token.kind {
            Lexeme::Symbol(Symbol::Minus | Symbol::Plus) => {
                self.cursor.advance();
                let value = self.binding(SIGN)?;
                if token.is(Symbol::Plus) {
                    return Ok(value);
                }
                let span = token.span.to(value.span);
                self.make(Kind::Negate(Box::new(value)), span)
            }
            Lexeme::Symbol(Symbol::Not) => self.not(&token),
            Lexeme::Name { quoted: false, .. } if token.is_word("not") => self.not(&token),
            _ => self.primary(&token),
        }
    }

    fn not(&mut self, token: &Token) -> Parsed {
        self.cursor.advance();
        let value = self.binding(NOT)?;
        let span = token.span.to(value.span);
        self.make(Kind::Not(Box::new(value)), span)
    }

    fn primary(&mut self, token: &Token) -> Parsed {
        let literal = match &token.kind {
            Lexeme::Integer(value) => Literal::Int(*value),
            Lexeme::Float(value) => Literal::Float(*value),
            Lexeme::Text(value) => Literal::Text(value.clone()),
            Lexeme::Symbol(Symbol::Open) => {
                self.cursor.advance();
                let mut inside = self.binding(0)?;
                let close = self.cursor.close(token.span, Symbol::Close)?;
                inside.span = token.span.to(close);
                return Ok(inside);
            }
            Lexeme::Name { name, quoted: true } => {
                self.cursor.advance();
                return self.make(Kind::Column(name.clone()), token.span);
            }
            Lexeme::Name { name, quoted: false } => return self.word(&name.clone(), token.span),
            _ => return Err(self.cursor.unexpected("a value")),
        };
        self.cursor.advance();
        self.make(Kind::Literal(literal), token.span)
    }

    /// A name without quotes: a constant, a call, `case`, a date, or a column.
    fn word(&mut self, word: &str, span: Span) -> Parsed {
        let lower = word.to_ascii_lowercase();
        let next = self.cursor.peek_ahead(1);
        let called = next.is(Symbol::Open);
        let open = next.span;
        let literal = match (word, lower.as_str()) {
            (_, "true") => Some(Literal::Bool(true)),
            (_, "false") => Some(Literal::Bool(false)),
            (_, "null" | "none") | ("NA", _) => Some(Literal::Null),
            ("NaN" | "nan", _) => Some(Literal::Float(f64::NAN)),
            ("Inf" | "inf", _) => Some(Literal::Float(f64::INFINITY)),
            ("pi", _) => Some(Literal::Float(std::f64::consts::PI)),
            _ => None,
        };
        match literal {
            Some(literal) if !called => {
                self.cursor.advance();
                return self.make(Kind::Literal(literal), span);
            }
            _ => {}
        }
        if lower == "case" {
            return self.case(span);
        }
        let reserved =
            matches!(lower.as_str(), "and" | "or" | "in" | "is" | "else" | "between" | "like" | "ilike")
                || (lower == "if" && !called)
                || (self.cases > 0 && matches!(lower.as_str(), "when" | "then" | "end"));
        if reserved {
            return Err(self.reserved(word, span));
        }
        if called {
            self.cursor.advance();
            self.cursor.advance();
            return self.call_of(word, span, open);
        }
        if let Lexeme::Text(_) = &next.kind {
            // date '2024-01-31'
            if let Some(to) =
                functions::conversion(word).filter(|_| matches!(lower.as_str(), "date" | "timestamp"))
            {
                self.cursor.advance();
                let value = self.binding(POWER)?;
                let span = span.to(value.span);
                return self.make(Kind::Cast(Box::new(value), to), span);
            }
        }
        self.cursor.advance();
        self.make(Kind::Column(word.to_owned()), span)
    }

    fn reserved(&self, word: &str, span: Span) -> SyntaxError {
        let error = self.cursor.unexpected("a value");
        SyntaxError { span, ..error }.with_hint(format!("write `{word}` in backticks if it is a column"))
    }

    /// `case when c then v ... else w end` and `case x when 1 then ... end`.
    fn case(&mut self, start: Span) -> Parsed {
        self.cursor.advance();
        self.cases += 1;
        let operand =
            if self.cursor.peek().is_word("when") { None } else { Some(Box::new(self.binding(0)?)) };
        let mut branches = Vec::new();
        while self.cursor.accept_word("when") {
            let condition = self.binding(0)?;
            if !self.cursor.accept_word("then") {
                return Err(self.cursor.unexpected("'then'"));
            }
            branches.push((condition, self.binding(0)?));
        }
        if branches.is_empty() {
            return Err(self.cursor.unexpected("'when'"));
        }
        let otherwise = if self.cursor.accept_word("else") { Some(Box::new(self.binding(0)?)) } else { None };
        let end = self.cursor.peek().span;
        if !self.cursor.accept_word("end") {
            return Err(self.cursor.unexpected("'when', 'else' or 'end'"));
        }
        self.cases -= 1;
        self.make(Kind::Case { operand, branches, otherwise }, start.to(end))
    }
}

fn span_of(all: &[Ast]) -> Span {
    match (all.first(), all.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        _ => Span::default(),
    }
}
