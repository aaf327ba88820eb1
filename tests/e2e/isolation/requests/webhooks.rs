//! Methods of webhooks.

use super::Line;
use super::Then::{NotFound, NothingOfTheirs};

/// See [`super::all`].
pub const WEBHOOKS: &[Line] = &[
    (
        "ticketing.v1.WebhookService/CreateWebhook",
        r#"{"webhook": {"url": "https://hooks.example.org/ours", "disabled": true}}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.WebhookService/GetWebhook",
        r#"{"name": "{webhook}"}"#,
        NotFound,
    ),
    ("ticketing.v1.WebhookService/ListWebhooks", "{}", NothingOfTheirs),
    (
        "ticketing.v1.WebhookService/UpdateWebhook",
        r#"{"webhook": {"name": "{webhook}", "url": "https://hooks.example.org/taken"}, "update_mask": "url"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.WebhookService/DeleteWebhook",
        r#"{"name": "{webhook}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.WebhookService/RotateWebhookSecret",
        r#"{"name": "{webhook}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.WebhookService/TestWebhook",
        r#"{"name": "{webhook}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.WebhookService/ListDeliveries",
        r#"{"parent": "{webhook}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.WebhookService/ListDeadLetters",
        r#"{"parent": "{webhook}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.WebhookService/ReplayDelivery",
        r#"{"name": "{webhook}/deliveries/1"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.WebhookService/ReplayRange",
        r#"{"name": "{webhook}", "from_time": "2026-01-01T00:00:00Z"}"#,
        NotFound,
    ),
];
