//! The closed lists of the contract, with the words under which they are stored. Pure.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub(crate) enum $name {
            $(#[serde(rename = $word)] $variant),+
        }

        #[allow(dead_code, reason = "not every list is written or read back by its words")]
        impl $name {
            /// The word that is stored.
            pub(crate) fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// The value of a stored word.
            pub(crate) fn of(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// How a contact reached us.
    Channel {
        Email = "EMAIL",
        Chat = "CHAT",
        Phone = "PHONE",
        Social = "SOCIAL",
        Sms = "SMS",
        Messaging = "MESSAGING",
        Web = "WEB",
        Api = "API",
    }
}

words! {
    /// How urgent a matter is.
    Priority {
        Low = "LOW",
        Normal = "NORMAL",
        High = "HIGH",
        Urgent = "URGENT",
    }
}

words! {
    /// Whether an agent takes contacts.
    Presence {
        Available = "AVAILABLE",
        Busy = "BUSY",
        Away = "AWAY",
        Offline = "OFFLINE",
    }
}
