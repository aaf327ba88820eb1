//! Ticketing's methods for macros and automations.

use super::Line;
use super::Then::{Invalid, NotFound, NothingOfTheirs};

/// See [`super::all`].
pub const AUTOMATIONS: &[Line] = &[
    (
        "ticketing.v1.AutomationService/CreateAutomation",
        r#"{"automation": {"display_name": "Ours", "on_events": {"events": ["EVENT_MERGED"]}, "actions": [{"set_queue": "ours"}]}}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.AutomationService/GetAutomation",
        r#"{"name": "{automation}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.AutomationService/ListAutomations",
        r#"{"show_archived": true}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.AutomationService/UpdateAutomation",
        r#"{"automation": {"name": "{automation}", "display_name": "taken"}, "update_mask": "displayName"}"#,
        NotFound,
    ),
    ("ticketing.v1.AutomationService/ReorderAutomations", "{}", Invalid),
    (
        "ticketing.v1.AutomationService/EnableAutomation",
        r#"{"name": "{automation}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.AutomationService/DisableAutomation",
        r#"{"name": "{automation}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.AutomationService/ArchiveAutomation",
        r#"{"name": "{automation}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.AutomationService/TestAutomation",
        r#"{"automation": "{automation}", "ticket": "{ticket}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.AutomationService/ListAutomationRuns",
        r#"{"ticket": "{ticket}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.MacroService/CreateMacro",
        r#"{"macro": {"display_name": "Ours", "actions": [{"set_queue": "ours"}]}}"#,
        NothingOfTheirs,
    ),
    ("ticketing.v1.MacroService/GetMacro", r#"{"name": "{macro}"}"#, NotFound),
    (
        "ticketing.v1.MacroService/ListMacros",
        r#"{"show_archived": true}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.MacroService/UpdateMacro",
        r#"{"macro": {"name": "{macro}", "display_name": "taken"}, "update_mask": "displayName"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.MacroService/ArchiveMacro",
        r#"{"name": "{macro}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.MacroService/RestoreMacro",
        r#"{"name": "{macro}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.MacroService/ApplyMacro",
        r#"{"ticket": "{ticket}", "macro": "{macro}", "agent": "agents/ours"}"#,
        NotFound,
    ),
];
