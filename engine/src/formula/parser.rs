//! Tokens to tree.
//!
//! ```text
//! formula     := [response] '~' sum | sum
//! response    := 'cbind(' item {',' item} ')' | item        item := variable | expression
//! sum         := ['+'|'-'] cross {('+'|'-') cross}
//! cross       := interaction {'*' interaction}
//! interaction := power {':' power}
//! power       := atom ['^' integer]
//! atom        := '(' sum ')' | '0' | '1' | '.' | name | call
//! ```

use super::Variable;
use super::tree::{Node, Tree};
use crate::expr::{Expr, ExprKind, Parser};
use crate::syntax::{Cursor, Kind as Lexeme, Span, Symbol, SyntaxError};

type Parsed<T = Tree> = Result<T, SyntaxError>;

/// Parses a formula to its response and the tree of its terms.
pub(super) fn parse(text: &str) -> Parsed<(Vec<Variable>, Tree)> {
    let mut cursor = Cursor::new(text)?;
    if let [only] = cursor.tokens() {
        return Err(cursor.error(only.span, "the formula is empty").with_hint("write response ~ terms"));
    }
    let mut tildes = cursor.tokens().iter().filter(|token| token.is(Symbol::Tilde)).map(|token| token.span);
    let first = tildes.next();
    if let Some(second) = tildes.next() {
        return Err(cursor
            .error(second, "a formula has only one '~'")
            .with_hint("write several responses as cbind(y1, y2) ~ terms"));
    }
    let mut response = Vec::new();
    if first.is_some() {
        if !cursor.peek().is(Symbol::Tilde) {
            response = responses(&mut cursor)?;
        }
        if !cursor.accept(Symbol::Tilde) {
            return Err(after_response(&cursor));
        }
    }
    let tree = sum(&mut cursor)?;
    match &cursor.peek().kind {
        Lexeme::End => Ok((response, tree)),
        _ => Err(after_term(&cursor)),
    }
}

fn responses(cursor: &mut Cursor<'_>) -> Parsed<Vec<Variable>> {
    if !(cursor.peek().is_word("cbind") && cursor.peek_ahead(1).is(Symbol::Open)) {
        return Ok(vec![response(cursor)?]);
    }
    cursor.advance();
    let open = cursor.advance().span;
    let mut all = Vec::new();
    loop {
        all.push(response(cursor)?);
        if !cursor.accept(Symbol::Comma) {
            cursor.close(open, Symbol::Close)?;
            return Ok(all);
        }
    }
}

/// A response is a variable or a condition such as `ArrDelay > 15`, but not a sum: that would read as two.
fn response(cursor: &mut Cursor<'_>) -> Parsed<Variable> {
    if is_special(cursor) {
        return special(cursor);
    }
    let start = cursor.peek().clone();
    if start.is_word(".") {
        return Err(cursor.error(start.span, "'.' cannot be a response"));
    }
    let ast = Parser::new(cursor).expression()?;
    match &ast.kind {
        ExprKind::Column(name) => Ok(Variable::Column(name.clone())),
        ExprKind::Arithmetic(..) | ExprKind::Negate(_) => {
            let source = ast.span.of(cursor.text());
            Err(cursor.error(ast.span, "a response is one variable").with_hint(format!(
                "write cbind(y1, y2) for several responses, or I({source}) to compute one"
            )))
        }
        ExprKind::Literal(_) => Err(cursor.error(ast.span, "a response cannot be a constant")),
        _ => Ok(computed(cursor, ast)),
    }
}

fn computed(cursor: &Cursor<'_>, ast: crate::expr::Ast) -> Variable {
    let expr = Expr::from_ast(cursor.text(), ast);
    let name = expr.to_string();
    Variable::Computed { expr, name }
}

fn after_response(cursor: &Cursor<'_>) -> SyntaxError {
    let error = cursor.unexpected("'~'");
    match &cursor.peek().kind {
        Lexeme::Symbol(Symbol::Comma) => error.with_hint("write several responses as cbind(y1, y2)"),
        Lexeme::Symbol(Symbol::Colon) => error.with_hint("a response cannot be an interaction"),
        _ => error,
    }
}

/// What cannot follow a term, with what was meant.
fn after_term(cursor: &Cursor<'_>) -> SyntaxError {
    let token = cursor.peek();
    let Lexeme::Symbol(symbol) = &token.kind else {
        return cursor.unexpected("'+' or another operator");
    };
    let operator = token.span.of(cursor.text());
    let refused = |hint: &str| {
        cursor.error(token.span, format!("'{operator}' is not an operator of formulas")).with_hint(hint)
    };
    match symbol {
        Symbol::Slash => refused("write a + a:b for b within a, or I(a / b) for the quotient"),
        Symbol::PercentIn => refused("write a:b"),
        Symbol::Assign | Symbol::Equal => refused("write response ~ terms, or I(a == b) for a comparison"),
        Symbol::Close => {
            cursor.error(token.span, "this ')' closes nothing").with_hint("remove it, or open it before")
        }
        Symbol::Comma => cursor.unexpected("an operator").with_hint("separate terms by '+'"),
        Symbol::Open => cursor.unexpected("an operator").with_hint("write a:(b + c) for interactions"),
        _ => refused("write I(...) around a computation"),
    }
}

fn sum(cursor: &mut Cursor<'_>) -> Parsed {
    cursor.nested(|cursor| {
        let mut all = Vec::new();
        let mut minus = sign(cursor, true);
        loop {
            all.push((minus, cross(cursor)?));
            if !matches!(cursor.peek().kind, Lexeme::Symbol(Symbol::Plus | Symbol::Minus)) {
                break;
            }
            minus = sign(cursor, false);
        }
        match all.as_slice() {
            [(false, _)] => Ok(all.remove(0).1),
            [(_, first), .., (_, last)] => {
                let span = first.span.to(last.span);
                Ok(Tree { node: Node::Sum(all), span })
            }
            _ => {
                let span = all.first().map_or(Span::default(), |(_, tree)| tree.span);
                Ok(Tree { node: Node::Sum(all), span })
            }
        }
    })
}

/// Reads the sign before a summand: one, or `+ -` as people write to remove an intercept.
fn sign(cursor: &mut Cursor<'_>, first: bool) -> bool {
    if cursor.accept(Symbol::Plus) {
        return !first && cursor.accept(Symbol::Minus);
    }
    cursor.accept(Symbol::Minus)
}

fn cross(cursor: &mut Cursor<'_>) -> Parsed {
    chain(cursor, Symbol::Star, interaction, Node::Cross)
}

fn interaction(cursor: &mut Cursor<'_>) -> Parsed {
    chain(cursor, Symbol::Colon, power, Node::Interaction)
}

fn chain<'t>(
    cursor: &mut Cursor<'t>,
    operator: Symbol,
    operand: fn(&mut Cursor<'t>) -> Parsed,
    make: fn(Vec<Tree>) -> Node,
) -> Parsed {
    let first = operand(cursor)?;
    if !cursor.peek().is(operator) {
        return Ok(first);
    }
    let mut span = first.span;
    let mut all = vec![first];
    while cursor.accept(operator) {
        let next = operand(cursor)?;
        span = span.to(next.span);
        all.push(next);
    }
    Ok(Tree { node: make(all), span })
}

fn power(cursor: &mut Cursor<'_>) -> Parsed {
    let base = atom(cursor)?;
    if !cursor.accept(Symbol::Caret) {
        return Ok(base);
    }
    let token = cursor.advance();
    let exponent = match &token.kind {
        Lexeme::Integer(exponent) => u32::try_from(*exponent).ok().filter(|exponent| *exponent >= 1),
        _ => None,
    };
    let Some(exponent) = exponent else {
        let base = base.span.of(cursor.text());
        return Err(cursor
            .error(token.span, "'^' takes a whole number from 1: it is the highest order of interaction")
            .with_hint(format!("write I({base}^...) to compute a power")));
    };
    if cursor.peek().is(Symbol::Caret) {
        return Err(cursor.error(cursor.peek().span, "'^' does not chain").with_hint("use parentheses"));
    }
    let span = base.span.to(token.span);
    Ok(Tree { node: Node::Power(Box::new(base), exponent), span })
}

fn atom(cursor: &mut Cursor<'_>) -> Parsed {
    let token = cursor.peek().clone();
    let node = match &token.kind {
        Lexeme::Symbol(Symbol::Open) => {
            cursor.advance();
            let mut inside = sum(cursor)?;
            if !cursor.peek().is(Symbol::Close) && cursor.peek().kind != Lexeme::End {
                return Err(after_term(cursor));
            }
            inside.span = token.span.to(cursor.close(token.span, Symbol::Close)?);
            return Ok(inside);
        }
        Lexeme::Integer(0) => Node::Intercept(false),
        Lexeme::Integer(1) => Node::Intercept(true),
        Lexeme::Integer(_) | Lexeme::Float(_) => {
            let message = "a number is not a term; only 1 and 0 are, for the intercept";
            return Err(cursor.error(token.span, message).with_hint("write I(...) around a computation"));
        }
        Lexeme::Text(name) => {
            let hint = format!("write {} for the column", crate::syntax::quote_name(name));
            return Err(cursor.error(token.span, "a text is not a term").with_hint(hint));
        }
        Lexeme::Name { name, quoted } if *quoted || !cursor.peek_ahead(1).is(Symbol::Open) => {
            if name == "." && !quoted { Node::Dot } else { Node::Variable(Variable::Column(name.clone())) }
        }
        Lexeme::Name { .. } if is_special(cursor) => {
            let variable = special(cursor)?;
            let end = cursor.previous().map_or(token.span, |last| last.span);
            return Ok(Tree { node: Node::Variable(variable), span: token.span.to(end) });
        }
        Lexeme::Name { name, .. } if name == "cbind" => {
            let error = cursor.error(token.span, "cbind(...) is for responses");
            return Err(error.with_hint("separate terms by '+'"));
        }
        Lexeme::Name { .. } => {
            let ast = Parser::new(cursor).call()?;
            let span = ast.span;
            return Ok(Tree { node: Node::Variable(computed(cursor, ast)), span });
        }
        _ => return Err(cursor.unexpected("a term")),
    };
    cursor.advance();
    Ok(Tree { node, span: token.span })
}

/// Whether the cursor stands on `F(`, `N(` or `I(`.
fn is_special(cursor: &Cursor<'_>) -> bool {
    let named = matches!(&cursor.peek().kind, Lexeme::Name { name, quoted: false } if matches!(name.as_str(), "F" | "N" | "I"));
    named && cursor.peek_ahead(1).is(Symbol::Open)
}

fn special(cursor: &mut Cursor<'_>) -> Parsed<Variable> {
    let name = cursor.advance();
    let open = cursor.advance().span;
    if name.is_word("I") {
        let ast = Parser::new(cursor).expression()?;
        cursor.close(open, Symbol::Close)?;
        let expr = Expr::from_ast(cursor.text(), ast);
        let name = format!("I({expr})");
        return Ok(Variable::Computed { expr, name });
    }
    let function = if name.is_word("F") { "F" } else { "N" };
    let token = cursor.peek().clone();
    let column = match &token.kind {
        Lexeme::Name { name, .. } if !cursor.peek_ahead(1).is(Symbol::Open) => name.clone(),
        Lexeme::Name { .. } => {
            let message = format!("{function}() takes a column, not a computation");
            return Err(cursor
                .error(token.span, message)
                .with_hint("compute the column first, then use its name"));
        }
        _ => return Err(cursor.unexpected("a column")),
    };
    cursor.advance();
    if function == "N" {
        cursor.close(open, Symbol::Close)?;
        return Ok(Variable::Numeric { column });
    }
    factor(cursor, column, name.span, open)
}

/// The arguments of `F(x, low, high, exclude)` after the column.
fn factor(cursor: &mut Cursor<'_>, column: String, name: Span, open: Span) -> Parsed<Variable> {
    const NAMES: [&str; 3] = ["low", "high", "exclude"];
    let (mut low, mut high, mut exclude) = (None, None, None);
    let mut next = 0;
    while cursor.accept(Symbol::Comma) {
        let token = cursor.peek().clone();
        let mut place = next;
        if let (Lexeme::Name { name, .. }, true) = (&token.kind, cursor.peek_ahead(1).is(Symbol::Assign)) {
            let Some(at) = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name)) else {
                let error = cursor.error(token.span, format!("F() has no argument '{name}'"));
                return Err(error.with_hint("it takes F(x, low, high, exclude)"));
            };
            place = at;
            cursor.advance();
            cursor.advance();
        }
        next = place + 1;
        let start = cursor.peek().span;
        let twice = match place {
            0 => low.replace(number(cursor)?).is_some(),
            1 => high.replace(number(cursor)?).is_some(),
            2 => exclude.replace(logical(cursor)?).is_some(),
            _ => {
                let error = cursor.error(start, "F() takes at most four arguments");
                return Err(error.with_hint("it takes F(x, low, high, exclude)"));
            }
        };
        if twice {
            return Err(cursor.error(start, "the argument is given twice"));
        }
    }
    let close = cursor.close(open, Symbol::Close)?;
    let (low, high) = (low.flatten(), high.flatten());
    if let (Some(low), Some(high)) = (low, high)
        && low > high
    {
        let message = format!("F() has no levels from {low} to {high}");
        return Err(cursor.error(name.to(close), message).with_hint("write the lower bound first"));
    }
    Ok(Variable::Factor { column, low, high, exclude: exclude.unwrap_or(true) })
}

/// A number with an optional sign; `NULL` and `NA` leave the default.
fn number(cursor: &mut Cursor<'_>) -> Parsed<Option<f64>> {
    let minus = cursor.accept(Symbol::Minus);
    let token = cursor.peek().clone();
    let value = match &token.kind {
        Lexeme::Integer(value) => *value as f64,
        Lexeme::Float(value) => *value,
        _ if !minus && ["null", "na", "none"].iter().any(|word| token.is_word(word)) => {
            cursor.advance();
            return Ok(None);
        }
        _ => return Err(cursor.unexpected("a number")),
    };
    cursor.advance();
    Ok(Some(if minus { -value } else { value }))
}

fn logical(cursor: &mut Cursor<'_>) -> Parsed<bool> {
    let token = cursor.peek().clone();
    let value = if token.is_word("true") || token.is_word("t") {
        true
    } else if token.is_word("false") || token.is_word("f") {
        false
    } else {
        return Err(cursor.unexpected("TRUE or FALSE"));
    };
    cursor.advance();
    Ok(value)
}
