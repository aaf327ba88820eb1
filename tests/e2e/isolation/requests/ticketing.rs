//! Ticketing's methods.

use super::Line;
use super::Then::{Invalid, NotFound, NothingOfTheirs, Refused};

/// See [`super::all`].
pub const TICKETING: &[Line] = &[
    (
        "ticketing.v1.AttachmentService/UploadAttachment",
        r#"{"parent": "{customer}", "file_name": "a.txt", "data": "aGVsbG8="}"#,
        NotFound,
    ),
    (
        "ticketing.v1.AttachmentService/DownloadAttachment",
        r#"{"name": "{customer}/attachments/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.CustomerService/CreateCustomer",
        r#"{"customer": {"identities": [{"kind": "KIND_EMAIL", "value": "ours@example.org"}]}}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.CustomerService/GetCustomer",
        r#"{"name": "{customer}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.CustomerService/LookupCustomer",
        r#"{"identity": {"kind": "KIND_EMAIL", "value": "only-theirs@example.org"}}"#,
        NotFound,
    ),
    ("ticketing.v1.CustomerService/ListCustomers", "{}", NothingOfTheirs),
    (
        "ticketing.v1.CustomerService/UpdateCustomer",
        r#"{"customer": {"name": "{customer}", "tier": "vip"}, "update_mask": "tier"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.CustomerService/VerifyIdentity",
        r#"{"name": "{customer}", "identity": {"kind": "KIND_EMAIL", "value": "theirs@example.org"}}"#,
        NotFound,
    ),
    (
        "ticketing.v1.CustomerService/UnverifyIdentity",
        r#"{"name": "{customer}", "identity": {"kind": "KIND_EMAIL", "value": "theirs@example.org"}}"#,
        NotFound,
    ),
    (
        "ticketing.v1.CustomerService/MoveIdentity",
        r#"{"source": "{customer}", "target": "customers/{uuid}", "identity": {"kind": "KIND_EMAIL", "value": "theirs@example.org"}}"#,
        NotFound,
    ),
    (
        "ticketing.v1.CustomerService/MergeCustomers",
        r#"{"source": "{customer}", "target": "customers/{uuid}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.CustomerService/UnmergeCustomer",
        r#"{"name": "{customer}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.CustomerService/ListCustomerMerges",
        r#"{"customer": "{customer}"}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.CustomerService/ListMergeSuggestions",
        r#"{"customer": "{customer}"}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.CustomerService/DismissMergeSuggestion",
        r#"{"name": "mergeSuggestions/{uuid}"}"#,
        NotFound,
    ),
    // By identity, since the answer to a wrong name repeats the name.
    (
        "ticketing.v1.CustomerRecordService/RecordOrders",
        r#"{"source": "ours", "items": [{"identity": {"kind": "KIND_EMAIL", "value": "only-theirs@example.org"},
            "order": {"id": "1", "amount": "1", "currency": "EUR", "ordered_at": "2026-01-01T00:00:00Z"}}]}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.CustomerRecordService/ListOrders",
        r#"{"parent": "{customer}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.CustomerRecordService/GetLifetimeValues",
        r#"{"name": "{customer}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.CustomerRecordService/RecordMilestones",
        r#"{"source": "ours", "items": [{"identity": {"kind": "KIND_EMAIL", "value": "only-theirs@example.org"},
            "milestone": {"name": "renewed", "at": "2026-01-01T00:00:00Z"}}]}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.CustomerRecordService/ListMilestones",
        r#"{"parent": "{customer}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.CustomerRecordService/RecordProactiveContacts",
        r#"{"source": "ours", "items": [{"identity": {"kind": "KIND_EMAIL", "value": "only-theirs@example.org"},
            "contact": {"id": "1", "reason": "late", "at": "2026-01-01T00:00:00Z"}}]}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.CustomerRecordService/ListProactiveContacts",
        r#"{"parent": "{customer}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.FeedService/Follow",
        r#"{"start": "START_POINT_BEGINNING"}"#,
        NothingOfTheirs,
    ),
    ("ticketing.v1.FeedService/GetHead", "{}", NothingOfTheirs),
    (
        "ticketing.v1.FeedService/CommitCursor",
        r#"{"name": "consumers/kolibri", "cursor": "{cursor_ticketing}"}"#,
        Invalid,
    ),
    (
        "ticketing.v1.FeedService/GetConsumer",
        r#"{"name": "consumers/kolibri"}"#,
        NotFound,
    ),
    ("ticketing.v1.FeedService/ListConsumers", "{}", NothingOfTheirs),
    (
        "ticketing.v1.FeedService/DeleteConsumer",
        r#"{"name": "consumers/kolibri"}"#,
        NotFound,
    ),
    ("ticketing.v1.InternalService/RecordContacts", "{}", Refused),
    ("ticketing.v1.InternalService/RecordHistory", "{}", Refused),
    ("ticketing.v1.InternalService/FindHistory", "{}", Refused),
    (
        "ticketing.v1.InternalService/AcceptTicket",
        r#"{"name": "{ticket}", "agent": "{agent}", "generation": "1"}"#,
        Refused,
    ),
    ("ticketing.v1.InternalService/ListTenants", "{}", Refused),
    (
        "ticketing.v1.LiveService/LeaveQueue",
        r#"{"name": "{ticket}", "close": true}"#,
        Refused,
    ),
    ("ticketing.v1.InternalService/ListQueuedTickets", "{}", Refused),
    (
        "ticketing.v1.ScheduleService/CreateSchedule",
        r#"{"schedule": {"display_name": "Ours", "time_zone": "UTC"}}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.ScheduleService/GetSchedule",
        r#"{"name": "{schedule}"}"#,
        NotFound,
    ),
    ("ticketing.v1.ScheduleService/ListSchedules", "{}", NothingOfTheirs),
    (
        "ticketing.v1.ScheduleService/UpdateSchedule",
        r#"{"schedule": {"name": "{schedule}", "time_zone": "UTC"}, "update_mask": "timeZone"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.ScheduleService/ListScheduleVersions",
        r#"{"name": "{schedule}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.ScheduleService/ArchiveSchedule",
        r#"{"name": "{schedule}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.ScheduleService/RestoreSchedule",
        r#"{"name": "{schedule}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.ScheduleService/ImportHolidays",
        r#"{"name": "{schedule}", "calendar": "BEGIN:VCALENDAR\nEND:VCALENDAR\n"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.ScheduleService/ComputeBusinessTime",
        r#"{"name": "{schedule}", "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketRelationService/MergeTickets",
        r#"{"target": "{ticket}", "sources": ["{ticket}"], "across_customers": true}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketRelationService/UnmergeTicket",
        r#"{"name": "{ticket}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketRelationService/SplitTicket",
        r#"{"name": "{ticket}", "messages": ["{ticket}/messages/{uuid}"], "ticket": {"customer": "{customer}"}}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketRelationService/LinkTickets",
        r#"{"name": "{ticket}", "type": "TYPE_RELATES_TO", "ticket": "{ticket}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketRelationService/UnlinkTickets",
        r#"{"name": "{ticket}", "type": "TYPE_RELATES_TO", "ticket": "{ticket}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.OrganizationService/CreateOrganization",
        r#"{"organization": {"display_name": "Ours"}}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.OrganizationService/GetOrganization",
        r#"{"name": "{organization}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.OrganizationService/ListOrganizations",
        r#"{"domain": "theirs.example"}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.OrganizationService/UpdateOrganization",
        r#"{"organization": {"name": "{organization}", "tier": "vip"}, "update_mask": "tier"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.OrganizationService/DeleteOrganization",
        r#"{"name": "{organization}", "force": true}"#,
        NotFound,
    ),
    (
        "ticketing.v1.SubStateService/CreateSubState",
        r#"{"sub_state_id": "ours", "sub_state": {"state": "STATE_ON_HOLD", "display_name": "Ours"}}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.SubStateService/GetSubState",
        r#"{"name": "{sub_state}"}"#,
        NotFound,
    ),
    ("ticketing.v1.SubStateService/ListSubStates", "{}", NothingOfTheirs),
    (
        "ticketing.v1.SubStateService/UpdateSubState",
        r#"{"sub_state": {"name": "{sub_state}", "archived": true}, "update_mask": "archived"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.SubStateService/DeleteSubState",
        r#"{"name": "{sub_state}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketFieldService/CreateTicketField",
        r#"{"ticket_field_id": "ours", "ticket_field": {"type": "TYPE_CODE", "display_name": "Ours"}}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.TicketFieldService/GetTicketField",
        r#"{"name": "{ticket_field}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketFieldService/ListTicketFields",
        "{}",
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.TicketFieldService/UpdateTicketField",
        r#"{"ticket_field": {"name": "{ticket_field}", "archived": true}, "update_mask": "archived"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.SlaPolicyService/CreateSlaPolicy",
        r#"{"sla_policy": {"goals": [{"metric": "SLA_METRIC_RESOLUTION", "seconds": "60", "clock": "SLA_CLOCK_ELAPSED"}]}}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.SlaPolicyService/GetSlaPolicy",
        r#"{"name": "{sla_policy}"}"#,
        NotFound,
    ),
    ("ticketing.v1.SlaPolicyService/ListSlaPolicies", "{}", NothingOfTheirs),
    (
        "ticketing.v1.SlaPolicyService/UpdateSlaPolicy",
        r#"{"sla_policy": {"name": "{sla_policy}", "display_name": "taken"}, "update_mask": "displayName"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.SlaPolicyService/DeleteSlaPolicy",
        r#"{"name": "{sla_policy}"}"#,
        NotFound,
    ),
    ("ticketing.v1.SlaPolicyService/ReorderSlaPolicies", "{}", Invalid),
    (
        "ticketing.v1.SlaService/ListSlaTargets",
        r#"{"parent": "{ticket}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.SlaService/RecalculateSla",
        r#"{"name": "{ticket}", "reason": "taken"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.ReviewService/CreateRubric",
        r#"{"rubric_id": "ours", "rubric": {"items": [{"id": "ours", "of": 5}]}}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.ReviewService/GetRubric",
        r#"{"name": "{rubric}@1"}"#,
        NotFound,
    ),
    ("ticketing.v1.ReviewService/ListRubrics", "{}", NothingOfTheirs),
    (
        "ticketing.v1.ReviewService/UpdateRubric",
        r#"{"rubric": {"name": "{rubric}", "active": true}, "update_mask": "active"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.ReviewService/CreateReview",
        r#"{"review": {"ticket": "{ticket}", "agent": "{agent}", "reviewer": "agents/ours", "rubric": "{rubric}",
            "items": [{"id": "tone", "points": 1}]}}"#,
        NotFound,
    ),
    (
        "ticketing.v1.ReviewService/GetReview",
        r#"{"name": "{review}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.ReviewService/ListReviews",
        r#"{"agent": "{agent}"}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.ReviewService/UpdateReview",
        r#"{"review": {"name": "{review}", "comment": "taken"}, "update_mask": "comment"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.SurveyService/CreateSurvey",
        r#"{"survey_id": "ours", "survey": {"kind": "SURVEY_KIND_CSAT", "active": true}}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.SurveyService/GetSurvey",
        r#"{"name": "{survey}"}"#,
        NotFound,
    ),
    ("ticketing.v1.SurveyService/ListSurveys", "{}", NothingOfTheirs),
    (
        "ticketing.v1.SurveyService/UpdateSurvey",
        r#"{"survey": {"name": "{survey}", "active": false}, "update_mask": "active"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.SurveyService/SendSurvey",
        r#"{"survey": "surveys/ours", "customer": "{customer}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.SurveyService/GetSurveySending",
        r#"{"name": "{survey_sending}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.SurveyService/ListSurveySendings",
        r#"{"customer": "{customer}"}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.SurveyService/ListSurveyAnswers",
        r#"{"customer": "{customer}"}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.PrivacyService/ExportCustomer",
        r#"{"name": "{customer}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.PrivacyService/EraseCustomer",
        r#"{"name": "{customer}", "ground": "GROUND_REQUESTED"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.PrivacyService/GetErasure",
        r#"{"name": "erasures/{uuid}"}"#,
        NotFound,
    ),
    ("ticketing.v1.PrivacyService/ListErasures", "{}", NothingOfTheirs),
    (
        "ticketing.v1.PrivacyService/SetLegalHold",
        r#"{"legal_hold": {"name": "{customer}/legalHold"}}"#,
        NotFound,
    ),
    (
        "ticketing.v1.PrivacyService/ClearLegalHold",
        r#"{"name": "{customer}/legalHold"}"#,
        NotFound,
    ),
    ("ticketing.v1.PrivacyService/ListLegalHolds", "{}", NothingOfTheirs),
    ("ticketing.v1.PrivacyService/GetRetentionPolicy", "{}", NothingOfTheirs),
    (
        "ticketing.v1.PrivacyService/UpdateRetentionPolicy",
        r#"{"retention_policy": {"rules": [{"action": "ACTION_ERASE_TEXTS", "days": 1}]}}"#,
        NothingOfTheirs,
    ),
    ("ticketing.v1.PrivacyService/PreviewRetention", "{}", NothingOfTheirs),
    (
        "ticketing.v1.TicketService/CreateTicket",
        r#"{"ticket": {"customer": "{customer}", "subject": "taken"}}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketService/GetTicket",
        r#"{"name": "{ticket}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketService/ListTickets",
        r#"{"customer": "{customer}"}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.TicketService/UpdateTicket",
        r#"{"ticket": {"name": "{ticket}", "subject": "taken"}, "update_mask": "subject"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketService/ChangeTicketState",
        r#"{"name": "{ticket}", "state": "STATE_SOLVED"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketService/MarkTicket",
        r#"{"name": "{ticket}", "disposition": "DISPOSITION_SPAM"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketService/RestoreTicket",
        r#"{"name": "{ticket}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketService/AssignTicket",
        r#"{"name": "{ticket}", "agent": "{agent}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketService/CreateMessage",
        r#"{"parent": "{ticket}", "message": {"actor": {"kind": "KIND_AGENT", "id": "{agent}"}, "text": "taken"}}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketService/ListMessages",
        r#"{"parent": "{ticket}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketService/AnswerSurvey",
        r#"{"ticket": "{ticket}", "survey": "csat", "score": 1}"#,
        NotFound,
    ),
];
