//! The closed lists of the format.

/// A closed list with the words that a line may use.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant),+
        }

        impl $name {
            /// Every one of them, in this order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in a line.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// Which one a word of a line means.
            pub fn read(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }
    };
}

words! {
    /// What a customer is to the desk.
    Tier {
        /// One of many.
        Standard = "standard",
        /// Comes first.
        Vip = "vip",
    }
}

words! {
    /// How much a ticket hurries.
    Priority {
        /// Least.
        Low = "low",
        /// As usual.
        Normal = "normal",
        /// More.
        High = "high",
        /// Most.
        Urgent = "urgent",
    }
}

words! {
    /// Who did something.
    ActorKind {
        /// The customer.
        Customer = "customer",
        /// A human agent: only their public messages are replies.
        Agent = "agent",
        /// A bot, a rule, an import.
        Automation = "automation",
    }
}

words! {
    /// Who could read a message.
    Visibility {
        /// The customer too.
        Public = "public",
        /// Agents only.
        Internal = "internal",
    }
}

words! {
    /// What a `status` line makes of a ticket.
    Status {
        /// Ours to act. On a solved ticket a reopen.
        Open = "open",
        /// The customer's to act. On a solved ticket a reopen.
        Pending = "pending",
        /// A third party's to act. On a solved ticket a reopen.
        OnHold = "on_hold",
        /// Solved.
        Solved = "solved",
        /// Over.
        Closed = "closed",
        /// No contact at all.
        Spam = "spam",
        /// Taken away.
        Deleted = "deleted",
    }
}

words! {
    /// Whether an agent can be given work.
    Presence {
        /// Yes.
        Available = "available",
        /// At work.
        Busy = "busy",
        /// Not at the desk.
        Away = "away",
        /// Not there.
        Offline = "offline",
    }
}

words! {
    /// What a survey asks.
    Survey {
        /// Satisfaction, 1 to 5.
        Csat = "csat",
        /// Effort, 1 to 5, low is good.
        CesEffort = "ces_effort",
        /// Ease, 1 to 7, high is good.
        CesEase = "ces_ease",
        /// Recommendation, 0 to 10.
        Nps = "nps",
        /// Was one contact enough: 0 or 1.
        OneContact = "one_contact",
        /// Personal emotional connection, 1 to 5.
        Pec = "pec",
    }
}

words! {
    /// What happened in a self-service session.
    Step {
        /// It began.
        Started = "started",
        /// Something was searched for.
        Searched = "searched",
        /// An article was read.
        Viewed = "viewed",
        /// The customer said that it helped.
        Solved = "solved",
        /// The customer asked for a person.
        Escalated = "escalated",
        /// It ended.
        Ended = "ended",
    }
}

impl Survey {
    /// The lowest and the highest score. Between them every number is one, but `one_contact` has only the two.
    pub fn scale(self) -> (f64, f64) {
        match self {
            Self::Csat | Self::CesEffort | Self::Pec => (1.0, 5.0),
            Self::CesEase => (1.0, 7.0),
            Self::Nps => (0.0, 10.0),
            Self::OneContact => (0.0, 1.0),
        }
    }
}
