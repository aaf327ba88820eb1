//! What handlers may use.

use std::collections::BTreeMap;

use prost::Message;
use tonic::Request;
use vorrang_database::idempotency::REQUEST_ID_MAX;
use vorrang_error::{Error, Kind, Violations};
use vorrang_feed::Feed;

use crate::action::Action;
use crate::automation::Cause;
use crate::courier::Courier;
use crate::custom::Definitions;
use crate::intake::Intake;
use crate::objects::Objects;
use crate::state::State;
use crate::store::{Call, Store};
use crate::sub_state::SubState;
use crate::ticket::Wanted;
use crate::words::{Actor, ActorKind};

/// Everything a handler reaches. Clones share it.
#[derive(Clone)]
pub struct App {
    /// Where tickets live.
    pub store: Store,
    /// Where contacts come in.
    pub intake: Intake,
    /// Where the log goes out.
    pub feed: Feed,
    /// Where files lie.
    pub objects: Objects,
    /// Bytes that a file may have.
    pub attachment_max: u64,
    /// What carries events to webhooks.
    pub courier: Courier,
}

impl App {
    /// What the tenant has defined of own fields, read only where it is `needed`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn definitions(&self, tenant: &str, needed: bool) -> Result<Definitions, Error> {
        if needed {
            self.store.ticket_fields(tenant).await
        } else {
            Ok(Definitions::default())
        }
    }

    /// What actions may name: own fields and sub-states.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn nameable(&self, tenant: &str) -> Result<(Definitions, BTreeMap<String, SubState>), Error> {
        let definitions = self.store.ticket_fields(tenant).await?;
        let sub_states = self.store.sub_states(tenant).await?;
        Ok((
            definitions,
            sub_states.into_iter().map(|one| (one.id.clone(), one)).collect(),
        ))
    }

    /// Adds to `violations` which of the macros, surveys and webhooks that actions name are not there, or are archived.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn check_named(
        &self,
        tenant: &str,
        field: &str,
        actions: &[Action],
        violations: &mut Violations,
    ) -> Result<(), Error> {
        for (index, action) in actions.iter().enumerate() {
            let field = format!("{field}[{index}].{}", action.kind());
            let (what, found) = match action {
                Action::ApplyMacro(id) => {
                    let found = self.store.macro_at(tenant, *id, None).await;
                    if found.as_ref().is_ok_and(|found| found.archived_at.is_some()) {
                        violations.add(&field, "is archived");
                    }
                    ("macro", found.map(drop))
                }
                Action::SendSurvey(id) => ("survey", self.store.survey(tenant, id).await.map(drop)),
                Action::SendToWebhook(id) => ("webhook", self.store.webhook(tenant, *id).await.map(drop)),
                _ => continue,
            };
            match found {
                Ok(()) => {}
                Err(error) if error.kind() == Kind::NotFound => {
                    violations.add(field, format!("there is no such {what}"))
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The state that somebody asks for, with what has to be known to give it. Definitions may change between this and the
    /// change itself, as if it had come a moment earlier; a sub-state that is deleted meanwhile is noticed there.
    ///
    /// # Errors
    /// NotFound for an unknown sub-state; those of [`SubState::check_given`](crate::sub_state::SubState::check_given).
    pub async fn wanted(&self, tenant: &str, state: State, sub_state: Option<String>) -> Result<Wanted, Error> {
        if let Some(id) = &sub_state {
            self.store.sub_state(tenant, id).await?.check_given(state)?;
        }
        let solves = state == State::Solved;
        Ok(Wanted {
            state,
            sub_state,
            required: self.definitions(tenant, solves).await?.required(),
        })
    }
}

/// The call that a request is: tenant and actor from the credential, never from the request's own words.
pub fn call<M: Message>(
    method: &str,
    request: &Request<M>,
    request_id: &str,
    violations: &mut Violations,
) -> Result<Call, Error> {
    if request_id.len() > REQUEST_ID_MAX || !request_id.bytes().all(|byte| byte.is_ascii_graphic()) {
        violations.add(
            "request_id",
            format!("must be at most {REQUEST_ID_MAX} printable ASCII characters"),
        );
    }
    Ok(Call {
        tenant: vorrang_service::tenant(request)?,
        request_id: request_id.to_owned(),
        request_hash: vorrang_service::request_hash(method, request.get_ref()),
        actor: Actor {
            kind: ActorKind::Automation,
            id: vorrang_service::caller(request)?.credential_id.clone(),
        },
        trace_parent: vorrang_service::trace_parent(),
        cause: Cause::default(),
    })
}

/// The actor that an agent's name makes.
pub fn agent(name: String) -> Actor {
    Actor {
        kind: ActorKind::Agent,
        id: name,
    }
}
