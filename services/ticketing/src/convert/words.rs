//! The closed lists, both ways.

use vorrang_api::feed::v1 as feed;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Violations;

use crate::privacy::{Action, Ground};
use crate::state::State;
use crate::suggestion::Evidence;
use crate::survey::{self, Kind, Repeats, Trigger};
use crate::ticket::LinkKind;
use crate::words::{
    ActorKind, AnchorKind, AssignSource, CallKind, CallParty, Channel, Disposition, EventKind, FieldType, Handling,
    IdentityKind, OrderStatus, Priority, SuggestionState, Visibility,
};

/// A number of an enum that is not one of its values.
const UNKNOWN: &str = "is not a known value";

macro_rules! both_ways {
    ($out:ident, $read:ident, $ours:ident, $proto:ty { $($variant:ident => $theirs:ident),+ $(,)? }) => {
        #[doc = "As the contract writes it."]
        pub fn $out(value: $ours) -> $proto {
            match value {
                $($ours::$variant => <$proto>::$theirs),+
            }
        }

        #[doc = "As the contract writes it, read: none when unspecified. An unknown number is a violation of `field`."]
        pub fn $read(value: i32, field: &str, violations: &mut Violations) -> Option<$ours> {
            match <$proto>::try_from(value) {
                $(Ok(<$proto>::$theirs) => Some($ours::$variant),)+
                Ok(<$proto>::Unspecified) => None,
                #[allow(unreachable_patterns, reason = "an enum may grow before we know its new value")]
                Ok(_) | Err(_) => {
                    violations.add(field, UNKNOWN);
                    None
                }
            }
        }
    };
}

both_ways!(state, read_state, State, pb::ticket::State {
    New => New,
    Open => Open,
    Pending => Pending,
    OnHold => OnHold,
    Solved => Solved,
    Closed => Closed,
});

both_ways!(channel, read_channel, Channel, pb::Channel {
    Email => Email,
    Chat => Chat,
    Phone => Phone,
    Social => Social,
    Sms => Sms,
    Messaging => Messaging,
    Web => Web,
    Api => Api,
});

both_ways!(priority, read_priority, Priority, pb::Priority {
    Low => Low,
    Normal => Normal,
    High => High,
    Urgent => Urgent,
});

both_ways!(disposition, read_disposition, Disposition, pb::ticket::Disposition {
    Normal => Normal,
    Spam => Spam,
    Deleted => Deleted,
});

both_ways!(call_kind, read_call_kind, CallKind, pb::call_event::Kind {
    Queued => Queued,
    Answered => Answered,
    HoldBegan => HoldBegan,
    HoldEnded => HoldEnded,
    HungUp => HungUp,
    WrapUpEnded => WrapUpEnded,
});

both_ways!(call_party, read_call_party, CallParty, pb::call_event::Party {
    Customer => Customer,
    Agent => Agent,
    System => System,
});

both_ways!(field_type, read_field_type, FieldType, pb::ticket_field::Type {
    Text => Text,
    Code => Code,
    Number => Number,
    Bool => Bool,
    Date => Date,
    Time => Time,
    Choice => Choice,
    Choices => Choices,
});

both_ways!(visibility, read_visibility, Visibility, pb::message::Visibility {
    Public => Public,
    Internal => Internal,
});

both_ways!(actor_kind, read_actor_kind, ActorKind, feed::actor::Kind {
    Customer => Customer,
    Agent => Agent,
    Automation => Automation,
});

both_ways!(identity_kind, read_identity_kind, IdentityKind, pb::identity::Kind {
    Email => Email,
    Phone => Phone,
    Social => Social,
    External => External,
});

both_ways!(link_kind, read_link_kind, LinkKind, pb::ticket_link::Type {
    RelatesTo => RelatesTo,
    CausedBy => CausedBy,
    Causes => Causes,
    Duplicates => Duplicates,
    DuplicatedBy => DuplicatedBy,
    FollowUpOf => FollowUpOf,
    FollowedUpBy => FollowedUpBy,
    SplitFrom => SplitFrom,
    SplitInto => SplitInto,
});

both_ways!(order_status, read_order_status, OrderStatus, pb::order::Status {
    Placed => Placed,
    Completed => Completed,
    Cancelled => Cancelled,
    Refunded => Refunded,
});

both_ways!(event_kind, read_event_kind, EventKind, pb::automation::Event {
    TicketCreated => TicketCreated,
    CustomerMessage => CustomerMessage,
    AgentMessage => AgentMessage,
    StateChanged => StateChanged,
    Reopened => Reopened,
    PriorityChanged => PriorityChanged,
    QueueChanged => QueueChanged,
    Assigned => Assigned,
    TagsChanged => TagsChanged,
    SlaAtRisk => SlaAtRisk,
    SlaMissed => SlaMissed,
    Merged => Merged,
    SurveyAnswered => SurveyAnswered,
});

both_ways!(anchor_kind, read_anchor_kind, AnchorKind, pb::automation::Anchor {
    CustomerSilent => CustomerSilent,
    AgentSilent => AgentSilent,
    Opened => Opened,
    InState => InState,
    SlaDue => SlaDue,
});

/// As the contract writes it.
pub fn suggestion_state(state: SuggestionState) -> pb::merge_suggestion::State {
    match state {
        SuggestionState::Open => pb::merge_suggestion::State::Open,
        SuggestionState::Dismissed => pb::merge_suggestion::State::Dismissed,
        SuggestionState::Merged => pb::merge_suggestion::State::Merged,
    }
}

/// As the contract writes it.
pub fn evidence(evidence: Evidence) -> pb::merge_suggestion::Evidence {
    match evidence {
        Evidence::Linked => pb::merge_suggestion::Evidence::Linked,
        Evidence::Verified => pb::merge_suggestion::Evidence::Verified,
        Evidence::SamePerson => pb::merge_suggestion::Evidence::SamePerson,
    }
}
both_ways!(ground, read_ground, Ground, pb::erasure::Ground {
    Requested => Requested,
    ConsentWithdrawn => ConsentWithdrawn,
    NotNeeded => NotNeeded,
    Unlawful => Unlawful,
});

both_ways!(action, read_action, Action, pb::retention_policy::rule::Action {
    EraseTexts => EraseTexts,
    EraseAttachments => EraseAttachments,
});

both_ways!(survey_kind, read_survey_kind, Kind, pb::SurveyKind {
    Csat => Csat,
    CesEffort => CesEffort,
    CesEase => CesEase,
    Nps => Nps,
    OneContact => OneContact,
    Pec => Pec,
});

both_ways!(repeats, read_repeats, Repeats, pb::survey::Repeats {
    Replace => Replace,
    FirstStands => FirstStands,
});

/// As the contract writes it.
pub fn trigger(trigger: Trigger) -> pb::survey_rule::Trigger {
    match trigger {
        Trigger::Never => pb::survey_rule::Trigger::Unspecified,
        Trigger::Solved => pb::survey_rule::Trigger::Solved,
        Trigger::Closed => pb::survey_rule::Trigger::Closed,
    }
}

/// As the contract writes it, read: unspecified is never. An unknown number is a violation of `field`.
pub fn read_trigger(value: i32, field: &str, violations: &mut Violations) -> Trigger {
    match pb::survey_rule::Trigger::try_from(value) {
        Ok(pb::survey_rule::Trigger::Unspecified) => Trigger::Never,
        Ok(pb::survey_rule::Trigger::Solved) => Trigger::Solved,
        Ok(pb::survey_rule::Trigger::Closed) => Trigger::Closed,
        Err(_) => {
            violations.add(field, UNKNOWN);
            Trigger::Never
        }
    }
}

/// As the contract writes it.
pub fn sending_state(state: survey::State) -> pb::survey_sending::State {
    match state {
        survey::State::Planned => pb::survey_sending::State::Planned,
        survey::State::Sent => pb::survey_sending::State::Sent,
        survey::State::Cancelled => pb::survey_sending::State::Cancelled,
    }
}

/// As the contract writes it.
pub fn handling(handling: Handling) -> pb::ticket::Handling {
    match handling {
        Handling::ByChannel => pb::ticket::Handling::ByChannel,
        Handling::Asynchronous => pb::ticket::Handling::Asynchronous,
        Handling::External => pb::ticket::Handling::External,
    }
}

/// As the contract writes it.
pub fn assign_source(source: AssignSource) -> pb::ticket_assigned::Source {
    match source {
        AssignSource::Manual => pb::ticket_assigned::Source::Manual,
        AssignSource::Routing => pb::ticket_assigned::Source::Routing,
        AssignSource::Call => pb::ticket_assigned::Source::Call,
    }
}
