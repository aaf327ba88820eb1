//! What a source pushed: read by its preset, recorded contact by contact, and kept whole when a part of it is not understood.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_error::{Error, Kind, Violations};

use crate::app::{App, part_delivery_id};
use crate::contact::{Contact, check};
use crate::intake::{MAIL_TYPE, read_mail};
use crate::metrics;
use crate::outcome::{Outcome, PushResult};
use crate::presets::{self, NotUnderstood, Preset};
use crate::recorder::{Pending, Push};
use crate::store::{NewQuarantineItem, NewRaw, QuarantineState};

/// From this size on reading takes milliseconds, which other requests of the thread would wait for.
const LARGE: usize = 256 << 10;

/// Something that came by HTTP or mail, or is tried again.
pub struct Came<'a> {
    /// Whose source it is.
    pub tenant: &'a str,
    /// Id of this arrival: of its quarantine item, and of what ticketing recognises its contacts by.
    pub arrival: Uuid,
    /// Queue of new tickets; empty: as the payload says, else the default one.
    pub queue: &'a str,
    /// Whether it is a mail whatever the preset reads.
    pub is_mail: bool,
    /// How to read it; none is needed for mails.
    pub preset: Option<&'a Preset>,
    /// As it came.
    pub raw: Arc<NewRaw>,
}

/// What was read.
pub struct Read {
    /// The contacts that were understood.
    pub contacts: Vec<Contact>,
    /// Why a part was not, if any.
    pub problem: Option<NotUnderstood>,
}

/// Whether a media type is that of a raw mail.
pub fn is_mail(content_type: &str) -> bool {
    content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case(MAIL_TYPE)
}

/// Reads what came; what is large is read beside the threads that serve requests.
///
/// # Errors
/// Internal when reading panicked.
pub async fn read(came: &Came<'_>, now: DateTime<Utc>) -> Result<Read, Error> {
    if came.raw.content.len() < LARGE {
        return Ok(read_now(came, now));
    }
    let (tenant, queue, preset) = (came.tenant.to_owned(), came.queue.to_owned(), came.preset.cloned());
    let (arrival, is_mail, raw) = (came.arrival, came.is_mail, came.raw.clone());
    let reading = tokio::task::spawn_blocking(move || {
        let preset = preset.as_ref();
        read_now(
            &Came {
                tenant: &tenant,
                arrival,
                queue: &queue,
                is_mail,
                preset,
                raw,
            },
            now,
        )
    });
    reading
        .await
        .map_err(|why| Error::internal("reading what came panicked").caused_by(why))
}

fn read_now(came: &Came<'_>, now: DateTime<Utc>) -> Read {
    let raw = &came.raw;
    let mail = || read_mail(&raw.source, &raw.content, came.queue, now).map(|contact| (vec![contact], None));
    let read = match came.preset {
        _ if came.is_mail => mail(),
        Some(preset) if preset.is_mail() => mail(),
        Some(preset) => presets::map(preset, &raw.source, &raw.content)
            .map(|mapped| (mapped.contacts, mapped.problems.into_iter().next())),
        None => Err(NotUnderstood {
            reason: "PRESET_UNKNOWN",
            detail: "nothing says how to read it".to_owned(),
        }),
    };
    let (contacts, mut problem) = match read {
        Ok(read) => read,
        Err(problem) => {
            return Read {
                contacts: Vec::new(),
                problem: Some(problem),
            };
        }
    };
    let mut fine = Vec::with_capacity(contacts.len());
    for mut contact in contacts {
        if contact.queue.is_empty() {
            contact.queue = came.queue.to_owned();
        }
        let mut violations = Violations::new();
        check(&contact, now, "", &mut violations);
        match violations.into_result() {
            Ok(()) => fine.push(contact),
            Err(error) => {
                problem.get_or_insert(NotUnderstood {
                    reason: "CONTACT_INVALID",
                    detail: error.message().to_owned(),
                });
            }
        }
    }
    Read {
        contacts: fine,
        problem,
    }
}

/// Records contacts in their order; one result each.
pub async fn record(app: &App, came: &Came<'_>, contacts: Vec<Contact>) -> Vec<Result<PushResult, Error>> {
    let trace_parent = vorrang_service::trace_parent();
    // They share the bytes they came as.
    let share = came.raw.content.len() / contacts.len().max(1);
    let mut pending: Vec<Pending> = Vec::with_capacity(contacts.len());
    for (index, contact) in contacts.into_iter().enumerate() {
        let push = Push {
            request_id: part_delivery_id(came.arrival, index),
            weight: contact.weight() + share,
            contact,
            raw: came.raw.clone(),
            trace_parent: trace_parent.clone(),
        };
        pending.push(app.recorder.submit(came.tenant, push).await);
    }
    let mut results = Vec::with_capacity(pending.len());
    for one in pending {
        results.push(one.answer().await);
    }
    results
}

/// Takes in what came: every contact in it is recorded, and the whole is kept in quarantine when a part of it could not be
/// read, or as discarded when it is known not to be a contact. At least one result.
///
/// # Errors
/// When it could not be kept; the sender must push again.
pub async fn take_in(app: &App, came: &Came<'_>) -> Result<Vec<PushResult>, Error> {
    let now = app.clock.now();
    let Read { contacts, mut problem } = read(came, now).await?;
    let mut results = Vec::new();
    for result in record(app, came, contacts).await {
        match result {
            Ok(result) => results.push(result),
            Err(error) if error.kind() == Kind::Invalid => {
                problem.get_or_insert(NotUnderstood {
                    reason: "REFUSED_BY_TICKETING",
                    detail: error.message().to_owned(),
                });
            }
            // Neither recorded nor kept: the sender repeats the whole, and what was recorded is recognised by its id.
            Err(error) => return Err(error),
        }
    }
    if problem.is_none() && !results.is_empty() {
        return Ok(results);
    }
    results.push(PushResult::quarantined(quarantine(app, came, problem, now).await?));
    Ok(results)
}

/// Keeps what came whole: waiting for people when there was a problem with it, else as known not to be a contact.
pub async fn quarantine(
    app: &App,
    came: &Came<'_>,
    problem: Option<NotUnderstood>,
    now: DateTime<Utc>,
) -> Result<Uuid, Error> {
    let (state, reason, detail) = match problem {
        Some(NotUnderstood { reason, detail }) => (QuarantineState::Waiting, reason, detail),
        None => {
            let detail = "the preset says that this is no contact of a customer".to_owned();
            (QuarantineState::Discarded, "NOT_A_CONTACT", detail)
        }
    };
    let item = NewQuarantineItem {
        id: came.arrival,
        state,
        reason,
        detail,
        queue: came.queue.to_owned(),
    };
    let id = app.store.quarantine(came.tenant, item, &came.raw, now).await?;
    metrics::pushed(Outcome::Quarantined);
    Ok(id)
}
