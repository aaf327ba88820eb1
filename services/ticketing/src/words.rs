//! The closed lists of the contract, with the words under which they are stored. Pure.

/// A closed list with the words under which it is stored.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant),+
        }

        impl $name {
            /// Every one of them, in this order.
            #[allow(dead_code, reason = "not every list is walked")]
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that is stored.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = vorrang_error::Error;

            /// Fails with Internal: a stored word that we do not know means a newer schema, which is refused at start.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(vorrang_error::Error::internal(format!(
                        "{text:?} is not a known {}",
                        stringify!($name)
                    ))),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = String::deserialize(deserializer)?;
                word.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use words;

words! {
    /// How a contact reached us.
    Channel {
        /// E-mail.
        Email = "EMAIL",
        /// Live chat.
        Chat = "CHAT",
        /// Telephone.
        Phone = "PHONE",
        /// Social network.
        Social = "SOCIAL",
        /// SMS.
        Sms = "SMS",
        /// Messenger, asynchronous.
        Messaging = "MESSAGING",
        /// Web form or app.
        Web = "WEB",
        /// Another system that did not say more.
        Api = "API",
    }
}

words! {
    /// How urgent a matter is.
    Priority {
        /// Can wait.
        Low = "LOW",
        /// The usual.
        Normal = "NORMAL",
        /// Before the usual.
        High = "HIGH",
        /// Must not wait.
        Urgent = "URGENT",
    }
}

words! {
    /// Whether a ticket counts.
    Disposition {
        /// It does.
        Normal = "NORMAL",
        /// Unwanted.
        Spam = "SPAM",
        /// Thrown away.
        Deleted = "DELETED",
    }
}

words! {
    /// How a contact of a live channel is to be served.
    Handling {
        /// As its channel says.
        ByChannel = "BY_CHANNEL",
        /// Like a mail: nobody is on the line.
        Asynchronous = "ASYNCHRONOUS",
        /// By another system, which has distributed the call.
        External = "EXTERNAL",
    }
}

words! {
    /// What happened to a phone call.
    CallKind {
        /// The caller waits.
        Queued = "QUEUED",
        /// An agent took the call.
        Answered = "ANSWERED",
        /// The caller was put on hold.
        HoldBegan = "HOLD_BEGAN",
        /// The caller was taken off hold.
        HoldEnded = "HOLD_ENDED",
        /// The call is over.
        HungUp = "HUNG_UP",
        /// The work after the call is done.
        WrapUpEnded = "WRAP_UP_ENDED",
    }
}

words! {
    /// Who ended a call.
    CallParty {
        /// The caller.
        Customer = "CUSTOMER",
        /// The agent.
        Agent = "AGENT",
        /// The phone system.
        System = "SYSTEM",
    }
}

words! {
    /// What the values of a tenant's own field are.
    FieldType {
        /// Free text.
        Text = "TEXT",
        /// A code that says nothing about a person.
        Code = "CODE",
        /// A number.
        Number = "NUMBER",
        /// True or false.
        Bool = "BOOL",
        /// A day.
        Date = "DATE",
        /// An instant.
        Time = "TIME",
        /// One of the choices.
        Choice = "CHOICE",
        /// Several of the choices.
        Choices = "CHOICES",
    }
}

words! {
    /// Who can see a message.
    Visibility {
        /// The customer too.
        Public = "PUBLIC",
        /// Agents only.
        Internal = "INTERNAL",
    }
}

words! {
    /// Who did something. Figures depend on the difference.
    ActorKind {
        /// The customer.
        Customer = "CUSTOMER",
        /// A person of ours.
        Agent = "AGENT",
        /// A machine: ours or the sender's.
        Automation = "AUTOMATION",
    }
}

words! {
    /// What an identity is.
    IdentityKind {
        /// E-mail address in lower case.
        Email = "EMAIL",
        /// Phone number in E.164.
        Phone = "PHONE",
        /// `network:handle`.
        Social = "SOCIAL",
        /// `system:id`.
        External = "EXTERNAL",
    }
}

words! {
    /// Who decided which organisation a customer belongs to.
    OrganizationBy {
        /// Nobody yet.
        Nobody = "NOBODY",
        /// A person, or a system that said so.
        Hand = "HAND",
        /// The domain of a verified address.
        Domain = "DOMAIN",
    }
}

words! {
    /// How far an order is.
    OrderStatus {
        /// Ordered.
        Placed = "PLACED",
        /// Delivered and done.
        Completed = "COMPLETED",
        /// Never came about.
        Cancelled = "CANCELLED",
        /// Paid back in whole.
        Refunded = "REFUNDED",
    }
}

words! {
    /// What became of a suggestion to merge two customers.
    SuggestionState {
        /// Nobody has decided.
        Open = "OPEN",
        /// Not one person.
        Dismissed = "DISMISSED",
        /// They were merged.
        Merged = "MERGED",
    }
}

words! {
    /// What of an event sets automations off.
    EventKind {
        /// A ticket was opened.
        TicketCreated = "TICKET_CREATED",
        /// The customer wrote.
        CustomerMessage = "CUSTOMER_MESSAGE",
        /// An agent wrote to the customer.
        AgentMessage = "AGENT_MESSAGE",
        /// The state changed.
        StateChanged = "STATE_CHANGED",
        /// A solved ticket is open again.
        Reopened = "REOPENED",
        /// The priority changed.
        PriorityChanged = "PRIORITY_CHANGED",
        /// It was moved to another queue.
        QueueChanged = "QUEUE_CHANGED",
        /// An agent got it.
        Assigned = "ASSIGNED",
        /// Its tags changed.
        TagsChanged = "TAGS_CHANGED",
        /// A target became at risk.
        SlaAtRisk = "SLA_AT_RISK",
        /// A target was missed while we knew of it.
        SlaMissed = "SLA_MISSED",
        /// Another ticket was merged into it.
        Merged = "MERGED",
        /// A survey about it was answered.
        SurveyAnswered = "SURVEY_ANSWERED",
    }
}

words! {
    /// From what a time counts that sets automations off.
    AnchorKind {
        /// The last public message of an agent that the customer has not answered.
        CustomerSilent = "CUSTOMER_SILENT",
        /// The first message of the customer that no agent has answered.
        AgentSilent = "AGENT_SILENT",
        /// The opening.
        Opened = "OPENED",
        /// The beginning of its state.
        InState = "IN_STATE",
        /// The due time of a target.
        SlaDue = "SLA_DUE",
    }
}

words! {
    /// What became of an automation that was set off and had something to do.
    AutomationOutcome {
        /// Something was done.
        Applied = "APPLIED",
        /// Nothing could be done.
        Failed = "FAILED",
        /// It was not to go on.
        Stopped = "STOPPED",
    }
}

/// How an assignment came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssignSource {
    /// By hand.
    Manual,
    /// An agent accepted routing's offer.
    Routing,
    /// An agent answered a call that another system distributed.
    Call,
}

/// Who did something: the kind, and the resource name or the name of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// What kind.
    pub kind: ActorKind,
    /// `customers/{uuid}`, `agents/{agent}`, or the name of what acted.
    pub id: String,
}
