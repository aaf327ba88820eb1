//! What would become of a push: for whoever writes a preset. Nothing is kept and nobody is told. Pure.

use chrono::{DateTime, Utc};

use crate::events;
use crate::mails::Mails;
use crate::presets::{Mapped, Payload, Preset, Signed, cloudevents, verify};
use crate::reading;

/// A push as it might come.
#[derive(Debug, Clone, Copy)]
pub struct Push<'a> {
    /// Media type.
    pub content_type: &'a str,
    /// All other headers.
    pub headers: &'a [(String, String)],
    /// Path and query.
    pub path: &'a str,
    /// What may stand before the path in the address that the sender knows.
    pub origins: &'a [String],
    /// The bytes.
    pub body: &'a [u8],
    /// When it comes.
    pub now: DateTime<Utc>,
}

/// What the preset reads from it.
pub fn read(preset: &Preset, push: &Push<'_>) -> Mapped {
    let headers = push.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let event = events::structured(preset, headers, push.content_type, push.body);
    // Without the keys of an installation no token is ours.
    let mails = Mails::new(&[]);
    let payload = Payload {
        tenant: "trial",
        mails: &mails,
        source: "sources/trial",
        content_type: event.as_ref().map_or(push.content_type, |_| cloudevents::STRUCTURED),
        body: event.as_deref().unwrap_or(push.body),
        now: push.now,
    };
    reading::read(Some(preset), events::is_mail(push.content_type), &payload, "")
}

/// Whether it would be taken as signed by who knows the secret.
pub fn is_signed(preset: &Preset, secret: &str, push: &Push<'_>) -> bool {
    let signed = Signed {
        body: push.body,
        content_type: push.content_type,
        method: "POST",
        path: push.path,
        origins: push.origins,
    };
    let header = |name: &str| {
        let found = push.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    };
    verify(preset, secret.as_bytes(), signed, header, push.now).is_ok()
}
