//! Ids and dimension values, each kept once. A fact holds four bytes for a name instead of the name.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::STANDARD_TIER;

/// Stands for a string of one tenant's [`Strings`]. `Option<Symbol>` is four bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(NonZeroU32);

impl Symbol {
    /// Its place among the names of its tenant, from 1.
    pub(super) fn number(self) -> u32 {
        self.0.get()
    }

    /// The symbol at a place, which must be one of the tenant's.
    pub(super) fn nth(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }
}

/// The strings of one tenant. The tier of everybody of whom nothing is known is there from the beginning: whether a fact names it must not
/// change what a customer is.
#[derive(Debug)]
pub struct Strings {
    symbols: HashMap<Arc<str>, Symbol>,
    texts: Vec<Arc<str>>,
}

impl Default for Strings {
    fn default() -> Self {
        let mut strings = Self {
            symbols: HashMap::new(),
            texts: Vec::new(),
        };
        strings.put(STANDARD_TIER);
        strings
    }
}

impl Strings {
    /// The symbol of `text`, new or known. None for the empty string: empty means "not given".
    pub fn put(&mut self, text: &str) -> Option<Symbol> {
        if text.is_empty() {
            return None;
        }
        if let Some(symbol) = self.symbols.get(text) {
            return Some(*symbol);
        }
        let text: Arc<str> = Arc::from(text);
        self.texts.push(Arc::clone(&text));
        let number = u32::try_from(self.texts.len())
            .ok()
            .and_then(NonZeroU32::new)
            .expect("one process never holds 2^32 different ids of one tenant");
        let symbol = Symbol(number);
        self.symbols.insert(text, symbol);
        Some(symbol)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The symbol of `text` when it occurs in any fact.
    pub fn find(&self, text: &str) -> Option<Symbol> {
        self.symbols.get(text).copied()
    }

    /// The string that `symbol` stands for.
    pub fn text(&self, symbol: Symbol) -> &str {
        self.texts.get(symbol.0.get() as usize - 1).map_or("", |text| text)
    }
}
