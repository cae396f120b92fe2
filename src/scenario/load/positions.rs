//! Where each key and value of a YAML file stands, so that a cross-check can point at it.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use crate::scenario::diagnostic::Position;

/// One step into a YAML value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// The value of that key.
    Name(String),
    /// The item of that index, from 0.
    Index(usize),
}

impl From<&str> for Key {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<usize> for Key {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// Where every value of a file stands, by its path.
#[derive(Debug, Clone, Default)]
pub struct Positions {
    values: HashMap<Vec<Key>, Position>,
    keys: HashMap<Vec<Key>, Position>,
}

impl Positions {
    /// Reads the positions of a text.
    pub(super) fn read(text: &str) -> Result<Self, serde_saphyr::Error> {
        let root: Spanned<Node> = serde_saphyr::from_str_with_options(text, super::options())?;
        let mut positions = Self::default();
        positions.take(&mut Vec::new(), root);
        Ok(positions)
    }

    /// Where the value at `path` stands, or the nearest value around it that exists.
    #[must_use]
    pub fn value(&self, path: &[Key]) -> Position {
        (0..=path.len()).rev().find_map(|end| self.values.get(&path[..end])).copied().unwrap_or_default()
    }

    /// Where the key that ends `path` stands, or the nearest value around it.
    #[must_use]
    pub fn key(&self, path: &[Key]) -> Position {
        self.keys.get(path).copied().unwrap_or_else(|| self.value(path))
    }

    /// The key or value that begins at that line and column.
    pub(super) fn starting_at(&self, line: usize, column: usize) -> Option<Position> {
        let here = |position: &&Position| position.line == line && position.column == column;
        self.keys
            .values()
            .chain(self.values.values())
            .filter(here)
            .min_by_key(|position| position.length)
            .copied()
    }

    /// The key that holds the mapping in which a key begins at that line and column: where something is missing.
    pub(super) fn around(&self, line: usize, column: usize) -> Option<Position> {
        let here =
            |(_, position): &(&Vec<Key>, &Position)| position.line == line && position.column == column;
        let (path, _) =
            self.keys.iter().chain(&self.values).filter(here).max_by_key(|(path, _)| path.len())?;
        let parent = &path[..path.len().saturating_sub(1)];
        let place = self.key(parent);
        // A whole mapping has no length of its own: its first key stands for it.
        self.starting_at(place.line, place.column).or(Some(place))
    }

    fn take(&mut self, path: &mut Vec<Key>, node: Spanned<Node>) {
        self.values.insert(path.clone(), position(node.referenced));
        match node.value {
            Node::Scalar => {}
            Node::Sequence(items) => {
                for (index, item) in items.into_iter().enumerate() {
                    path.push(Key::Index(index));
                    self.take(path, item);
                    path.pop();
                }
            }
            Node::Mapping(entries) => {
                for (key, value) in entries {
                    path.push(Key::Name(key.value));
                    self.keys.insert(path.clone(), position(key.referenced));
                    self.take(path, value);
                    path.pop();
                }
            }
        }
    }
}

pub(super) fn position(location: serde_saphyr::Location) -> Position {
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    Position {
        line: number(location.line()),
        column: number(location.column()),
        length: number(location.span().len()),
    }
}

/// The skeleton of a YAML value.
enum Node {
    Scalar,
    Sequence(Vec<Spanned<Node>>),
    Mapping(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

macro_rules! scalars {
    ($($method:ident $kind:ty),+) => {
        $(fn $method<E>(self, _: $kind) -> Result<Node, E> { Ok(Node::Scalar) })+
    };
}

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any YAML value")
    }

    scalars!(
        visit_bool bool, visit_i64 i64, visit_i128 i128, visit_u64 u64, visit_u128 u128, visit_f64 f64,
        visit_str &str, visit_bytes &[u8]
    );

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Node::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Mapping(entries))
    }
}
