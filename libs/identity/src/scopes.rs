//! The closed list of what a caller may do. Every RPC names exactly one scope in its contract.

use std::fmt;
use std::str::FromStr;

use vorrang_error::Error;

macro_rules! scopes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// One permission. The spelling in contracts, configuration and the key table is [`Scope::as_str`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Scope {
            $($(#[$doc])* $variant,)+
        }

        impl Scope {
            /// Every scope there is, in the order of this file.
            pub const EVERY: &'static [Scope] = &[$(Scope::$variant,)+];

            /// The spelling used everywhere outside Rust.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Scope::$variant => $name,)+
                }
            }
        }
    };
}

scopes! {
    /// Read customers, tickets and messages.
    TicketsRead = "tickets.read",
    /// Change tickets as an agent or an integration does.
    TicketsWrite = "tickets.write",
    /// Push contacts into ingestion.
    TicketsPush = "tickets.push",
    /// Manage sources and the quarantine.
    SourcesAdmin = "sources.admin",
    /// Follow the feeds.
    FeedRead = "feed.read",
    /// Receive and answer offers as an agent's desktop.
    QueueWork = "queue.work",
    /// See queues and their figures.
    QueueRead = "queue.read",
    /// Change routing policy.
    RoutingAdmin = "routing.admin",
    /// Read and search articles.
    KnowledgeRead = "knowledge.read",
    /// Write and publish articles.
    KnowledgeWrite = "knowledge.write",
    /// Record self-service sessions of customers.
    SelfserviceWrite = "selfservice.write",
    /// Query figures.
    KpisRead = "kpis.read",
    /// Everything except [`Scope::Internal`].
    Admin = "admin",
    /// Our own services among each other; never given to a key.
    Internal = "internal",
}

impl FromStr for Scope {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Scope::EVERY
            .iter()
            .copied()
            .find(|scope| scope.as_str() == name)
            .ok_or_else(|| {
                let known: Vec<_> = Scope::EVERY.iter().map(|scope| scope.as_str()).collect();
                Error::invalid_field("scopes", format!("unknown scope; known are {}", known.join(", ")))
            })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of scopes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Scopes(u32);

impl Scopes {
    /// No scope at all.
    pub const NONE: Scopes = Scopes(0);

    /// The set of exactly these scopes.
    pub fn of(scopes: &[Scope]) -> Self {
        scopes.iter().copied().collect()
    }

    /// Whether `scope` itself is in the set.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & bit(scope) != 0
    }

    /// Whether a caller with this set may do what asks for `scope`: it is in the set, or `admin` is (for everything
    /// except `internal`), or `internal` is (for everything).
    pub fn allow(self, scope: Scope) -> bool {
        self.contains(scope)
            || self.contains(Scope::Internal)
            || (self.contains(Scope::Admin) && scope != Scope::Internal)
    }

    /// The scopes of the set, in the order of [`Scope::EVERY`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::EVERY.iter().copied().filter(move |scope| self.contains(*scope))
    }
}

fn bit(scope: Scope) -> u32 {
    1 << (scope as u32)
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Scopes(scopes.into_iter().fold(0, |set, scope| set | bit(scope)))
    }
}

/// Reads scopes separated by commas or spaces.
impl FromStr for Scopes {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        text.split([',', ' '])
            .filter(|name| !name.is_empty())
            .map(Scope::from_str)
            .collect()
    }
}

/// Separated by spaces, as [`Scopes::from_str`] reads it.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Scope::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({self})")
    }
}

#[cfg(test)]
mod tests;
