//! Doing an action to a ticket.

use chrono::{DateTime, Utc};
use vorrang_error::Error;
use vorrang_service::Ids;

use super::template::Place;
use super::{Action, Doer, Surroundings, Template, Text};
use crate::custom::{CustomFields, CustomMask, CustomValue, FieldId};
use crate::message::Draft;
use crate::names;
use crate::state::State;
use crate::ticket::{Change, Field, Fields, Mask, TAGS_MAX, Ticket, Wanted};
use crate::words::Visibility;

impl Action {
    /// Does it. No changes: everything was so already. After an error the ticket is as it was.
    ///
    /// # Errors
    /// As the operations of [`Ticket`]; NotFound or Precondition of what it names.
    pub fn apply(
        &self,
        ticket: &mut Ticket,
        doer: &Doer,
        around: &Surroundings,
        ids: &Ids,
        now: DateTime<Utc>,
    ) -> Result<Vec<Change>, Error> {
        ticket.check_own()?;
        ticket.check_in_use()?;
        match self {
            Self::Reply(text) => say(text, Visibility::Public, ticket, doer, around, ids, now),
            Self::Note(text) => say(text, Visibility::Internal, ticket, doer, around, ids, now),
            Self::AddTags(tags) => {
                let mut fields = fields_of(ticket);
                fields.tags.extend(tags.iter().cloned());
                fields.tags.sort_unstable();
                fields.tags.dedup();
                if fields.tags.len() > TAGS_MAX {
                    return Err(Error::precondition(
                        "TOO_MANY_TAGS",
                        format!("a ticket has at most {TAGS_MAX} tags"),
                    ));
                }
                set(ticket, &fields, Field::Tags, now)
            }
            Self::RemoveTags(tags) => {
                let mut fields = fields_of(ticket);
                fields.tags.retain(|tag| !tags.contains(tag));
                set(ticket, &fields, Field::Tags, now)
            }
            Self::SetPriority(priority) => {
                let mut fields = fields_of(ticket);
                fields.priority = *priority;
                set(ticket, &fields, Field::Priority, now)
            }
            Self::SetIntent(intent) => {
                let mut fields = fields_of(ticket);
                fields.intent.clone_from(intent);
                set(ticket, &fields, Field::Intent, now)
            }
            Self::SetQueue(queue) => {
                let mut fields = fields_of(ticket);
                fields.queue.clone_from(queue);
                set(ticket, &fields, Field::Queue, now)
            }
            Self::Assign(agent) => ticket.assign(agent.as_deref(), None, now),
            Self::SetField(id, value) => set_field(ticket, id, value.as_ref(), around, now),
            Self::Become(state, sub_state) => {
                let wanted = wanted(*state, sub_state.as_deref(), around)?;
                ticket.change_state(wanted, now)
            }
            Self::ApplyMacro(id) => {
                let used = around
                    .macros
                    .get(id)
                    .ok_or_else(|| Error::not_found(names::MACRO, names::macro_name(*id)))?;
                used.apply(ticket, doer, around, ids, now)
            }
            Self::Notify(notify) => Ok(notify.notice(ticket).map(Change::Notified).into_iter().collect()),
            // They change nothing of the ticket: the run says that they are to be done.
            Self::SendSurvey(_) | Self::SendToWebhook(_) => Ok(Vec::new()),
        }
    }
}

fn say(
    text: &Text,
    visibility: Visibility,
    ticket: &mut Ticket,
    doer: &Doer,
    around: &Surroundings,
    ids: &Ids,
    now: DateTime<Utc>,
) -> Result<Vec<Change>, Error> {
    let language = doer.language.as_deref().unwrap_or(&ticket.language);
    let template = Template::parse(text.pick(language))
        .map_err(|wrong| Error::internal("a stored text cannot be read").caused_by(wrong))?;
    let text = template.fill(|place| value_of(place, ticket, around));
    if text.trim().is_empty() {
        return Err(Error::precondition(
            "NOTHING_TO_SAY",
            "nothing is left of the text, since what it names is missing",
        ));
    }
    let draft = Draft {
        actor: doer.actor.clone(),
        visibility,
        text,
        quoted_text: String::new(),
        channel: None,
        attachments: Vec::new(),
        occurred_at: None,
        external_id: String::new(),
        automated: doer.automated,
        from_macro: doer.from_macro,
        failed_recipients: Vec::new(),
    };
    ticket.add_message(ids.next(now), draft, None, now)
}

fn value_of(place: &Place, ticket: &Ticket, around: &Surroundings) -> Option<String> {
    match place {
        Place::Number => Some(ticket.number.to_string()),
        Place::Subject => Some(ticket.subject.clone()),
        Place::CustomerName => Some(around.customer_name.clone()),
        Place::Field(id) => {
            let shown = |word: &str| {
                let definition = around.definitions.get(id);
                let choice = definition.and_then(|one| one.profile.choices.iter().find(|choice| choice.value == word));
                choice.map_or_else(|| word.to_owned(), |choice| choice.display_name.clone())
            };
            Some(match ticket.custom_fields.get(id)? {
                CustomValue::Text(text) | CustomValue::Code(text) => text.clone(),
                CustomValue::Number(number) => number.get().to_string(),
                CustomValue::Flag(flag) => flag.to_string(),
                CustomValue::Date(date) => date.to_string(),
                CustomValue::Time(time) => time.format("%Y-%m-%d %H:%M UTC").to_string(),
                CustomValue::Choice(word) => shown(word),
                CustomValue::Choices(words) => words.iter().map(|word| shown(word)).collect::<Vec<_>>().join(", "),
            })
        }
    }
}

fn wanted(state: State, sub_state: Option<&str>, around: &Surroundings) -> Result<Wanted, Error> {
    if let Some(id) = sub_state {
        around
            .sub_states
            .get(id)
            .ok_or_else(|| Error::not_found(names::SUB_STATE, names::sub_state(id)))?
            .check_given(state)?;
    }
    Ok(Wanted {
        state,
        sub_state: sub_state.map(str::to_owned),
        required: around.definitions.required(),
    })
}

fn set_field(
    ticket: &mut Ticket,
    id: &FieldId,
    value: Option<&CustomValue>,
    around: &Surroundings,
    now: DateTime<Utc>,
) -> Result<Vec<Change>, Error> {
    let definition = around
        .definitions
        .get(id)
        .ok_or_else(|| Error::not_found(names::TICKET_FIELD, names::ticket_field(id)))?;
    let mut given = CustomFields::new();
    if let Some(value) = value {
        // What was right when it was saved may not be any more.
        let value = definition
            .check(value.clone())
            .map_err(|wrong| Error::precondition("FIELD_REFUSED", format!("{id} {wrong}")))?;
        given.insert(id.clone(), value);
    }
    let fields = Fields {
        custom_fields: given,
        ..fields_of(ticket)
    };
    let mask = Mask {
        fields: Vec::new(),
        custom: CustomMask {
            all: false,
            ids: [id.clone()].into(),
        },
    };
    ticket
        .update(&fields, &mask, &around.definitions, now)
        .map_err(|error| {
            // Nobody asked with a request that could be wrong: it is the field that does not take it.
            match error.violations().first() {
                Some(wrong) => Error::precondition("FIELD_REFUSED", format!("{id} {}", wrong.description)),
                None => error,
            }
        })
}

fn set(ticket: &mut Ticket, fields: &Fields, field: Field, now: DateTime<Utc>) -> Result<Vec<Change>, Error> {
    let mask = Mask {
        fields: vec![field],
        custom: CustomMask::default(),
    };
    ticket.update(fields, &mask, &Default::default(), now)
}

fn fields_of(ticket: &Ticket) -> Fields {
    Fields {
        subject: ticket.subject.clone(),
        priority: ticket.priority,
        queue: ticket.queue.clone(),
        tags: ticket.tags.clone(),
        intent: ticket.intent.clone(),
        language: ticket.language.clone(),
        due_at: ticket.due_at,
        followers: ticket.followers.clone(),
        custom_fields: ticket.custom_fields.clone(),
    }
}
