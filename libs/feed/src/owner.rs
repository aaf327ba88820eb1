//! Who owns a log.

use std::collections::HashSet;
use std::sync::LazyLock;

use prost::Message as _;
use prost_types::FileDescriptorSet;

/// A service with a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Customers and tickets.
    Ticketing,
    /// Agents, policies and decisions.
    Routing,
    /// Articles and sessions.
    Knowledge,
}

static CONTRACTS: LazyLock<FileDescriptorSet> = LazyLock::new(|| {
    FileDescriptorSet::decode(vorrang_api::FILE_DESCRIPTOR_SET).expect("the build made it from our contracts")
});

impl Owner {
    /// The name of its package in the contracts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Owner::Ticketing => "ticketing",
            Owner::Routing => "routing",
            Owner::Knowledge => "knowledge",
        }
    }

    /// The types of its events: the names of the fields of its `Event`'s payload.
    pub(crate) fn types(self) -> HashSet<&'static str> {
        let package = format!("vorrang.{}.v1", self.name());
        CONTRACTS
            .file
            .iter()
            .filter(|file| file.package() == package)
            .flat_map(|file| &file.message_type)
            .filter(|message| message.name() == "Event")
            .flat_map(|message| &message.field)
            .filter(|field| field.oneof_index.is_some())
            .map(|field| field.name())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_are_those_of_the_contract() {
        for (owner, one_of_them) in [
            (Owner::Ticketing, "survey_answered"),
            (Owner::Routing, "offer_made"),
            (Owner::Knowledge, "article_updated"),
        ] {
            let types = owner.types();
            assert!(types.contains(one_of_them), "{owner:?}: {types:?}");
            assert!(!types.contains("head"), "{owner:?}: {types:?}");
        }
    }
}
