//! A formula as written, before it is multiplied out.

use std::fmt::{self, Formatter, Write};

use super::Variable;
use crate::syntax::Span;

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// Summands, each with whether it is taken away.
    Sum(Vec<(bool, Tree)>),
    /// `a * b * c`
    Cross(Vec<Tree>),
    /// `a : b : c`
    Interaction(Vec<Tree>),
    /// `(a + b)^2`
    Power(Box<Tree>, u32),
    /// `1` or `0`
    Intercept(bool),
    /// `.`
    Dot,
    Variable(Variable),
}

/// A node and its place. Chains are flat, so that a formula of ten thousand terms is not a deep tree.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) node: Node,
    pub(super) span: Span,
}

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.node {
            Node::Sum(all) => {
                for (i, (minus, tree)) in all.iter().enumerate() {
                    match (i, minus) {
                        (0, false) => {}
                        (0, true) => f.write_char('-')?,
                        (_, false) => f.write_str(" + ")?,
                        (_, true) => f.write_str(" - ")?,
                    }
                    operand(f, tree, 2)?;
                }
                Ok(())
            }
            Node::Cross(all) => joined(f, all, " * ", 3),
            Node::Interaction(all) => joined(f, all, ":", 4),
            Node::Power(base, exponent) => {
                operand(f, base, 5)?;
                write!(f, "^{exponent}")
            }
            Node::Intercept(one) => f.write_char(if *one { '1' } else { '0' }),
            Node::Dot => f.write_char('.'),
            Node::Variable(variable) => write!(f, "{variable}"),
        }
    }
}

fn binding(tree: &Tree) -> u8 {
    match &tree.node {
        Node::Sum(_) => 1,
        Node::Cross(_) => 2,
        Node::Interaction(_) => 3,
        Node::Power(..) => 4,
        _ => 5,
    }
}

fn operand(f: &mut Formatter<'_>, tree: &Tree, least: u8) -> fmt::Result {
    if binding(tree) < least { write!(f, "({tree})") } else { write!(f, "{tree}") }
}

fn joined(f: &mut Formatter<'_>, all: &[Tree], separator: &str, least: u8) -> fmt::Result {
    for (i, tree) in all.iter().enumerate() {
        if i > 0 {
            f.write_str(separator)?;
        }
        operand(f, tree, least)?;
    }
    Ok(())
}
