//! The words by which contacts are told apart. Spelled here as they are in the policy file, in lanes and in rows.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name {
            $($variant,)+
        }

        impl $name {
            /// The word for it.
            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// What `word` stands for.
            pub(crate) fn parse(word: &str) -> Option<Self> {
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
        Email = "email",
        Chat = "chat",
        Phone = "phone",
        Social = "social",
        Sms = "sms",
        Messaging = "messaging",
        Web = "web",
        Api = "api",
    }
}

words! {
    /// How urgent the matter is.
    Priority {
        Low = "low",
        Normal = "normal",
        High = "high",
        Urgent = "urgent",
    }
}

words! {
    /// Whether an agent takes contacts.
    Presence {
        Available = "available",
        Busy = "busy",
        Away = "away",
        Offline = "offline",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_in_rows_and_in_policy_files() {
        for channel in [
            Channel::Email,
            Channel::Chat,
            Channel::Phone,
            Channel::Social,
            Channel::Sms,
            Channel::Messaging,
            Channel::Web,
            Channel::Api,
        ] {
            assert_eq!(Channel::parse(channel.as_str()), Some(channel));
            let json = serde_json::to_string(&channel).expect("serializes");
            assert_eq!(json, format!("{:?}", channel.as_str()));
        }
        assert_eq!(Priority::parse("asap"), None);
        assert_eq!(Presence::parse("available"), Some(Presence::Available));
    }
}
