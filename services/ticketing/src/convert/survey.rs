//! Surveys, sendings and answers, both ways.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta};
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Violations;
use vorrang_filter::Filter;

use super::output::{maybe, time};
use super::{input, words};
use crate::custom::Definitions;
use crate::survey::{self, Answer, Invitation, Kind, Repeats, Rule, Sending, Survey, Text};
use crate::{filter, names};

/// Languages of a survey.
const TEXTS_MAX: usize = 50;
const QUESTION_MAX: usize = 500;
const INTRODUCTION_MAX: usize = 1_000;
const THANKS_MAX: usize = 500;
const POSITION_MAX: i32 = 1_000_000;

const HOUR: TimeDelta = TimeDelta::hours(1);
const YEAR: TimeDelta = TimeDelta::days(366);

/// A survey.
pub fn survey(survey: &Survey) -> pb::Survey {
    pb::Survey {
        name: names::survey(&survey.id),
        kind: words::survey_kind(survey.kind).into(),
        display_name: survey.display_name.clone(),
        texts: survey.texts.iter().map(text).collect(),
        ask_comment: survey.ask_comment,
        rule: Some(rule(&survey.rule)),
        valid_for: Some(vorrang_api::duration(survey.valid_for)),
        late_for: some_span(survey.late_for),
        repeats: words::repeats(survey.repeats).into(),
        active: survey.active,
        scale: Some(scale(survey.kind)),
        etag: vorrang_service::etag(survey.revision),
        created_at: time(survey.created_at),
        updated_at: time(survey.updated_at),
    }
}

fn text(text: &Text) -> pb::SurveyText {
    pb::SurveyText {
        language: text.language.clone(),
        question: text.question.clone(),
        introduction: text.introduction.clone(),
        thanks: text.thanks.clone(),
    }
}

fn rule(rule: &Rule) -> pb::SurveyRule {
    pb::SurveyRule {
        trigger: words::trigger(rule.trigger).into(),
        delay: some_span(rule.delay),
        condition: rule.condition.clone(),
        share: Some(rule.share),
        every: rule.every.map(vorrang_api::duration),
        position: rule.position,
    }
}

fn some_span(span: TimeDelta) -> Option<prost_types::Duration> {
    (!span.is_zero()).then(|| vorrang_api::duration(span))
}

fn scale(kind: Kind) -> pb::SurveyScale {
    let scale = kind.scale();
    scale_of((*scale.start(), *scale.end()), kind.high_is_good())
}

fn scale_of((lowest, highest): (i32, i32), high_is_good: bool) -> pb::SurveyScale {
    let direction = if high_is_good {
        pb::survey_scale::Direction::HighIsGood
    } else {
        pb::survey_scale::Direction::LowIsGood
    };
    pb::SurveyScale {
        lowest,
        highest,
        direction: direction.into(),
    }
}

/// A sending; with what the customer gets, where that may be told.
pub fn survey_sending(sending: &Sending, invitation: Option<&Invitation>) -> pb::SurveySending {
    pb::SurveySending {
        name: names::sending(sending.id),
        survey: names::survey(&sending.survey),
        kind: words::survey_kind(sending.kind).into(),
        ticket: sending.ticket.map(names::ticket).unwrap_or_default(),
        customer: names::customer(sending.customer),
        solve: sending.solve,
        agent: sending.agent.clone().unwrap_or_default(),
        language: sending.language.clone(),
        state: words::sending_state(sending.state).into(),
        due_at: time(sending.due_at),
        sent_at: maybe(sending.sent_at),
        expires_at: maybe(sending.expires_at),
        closes_at: maybe(sending.closes_at),
        answered_at: maybe(sending.answered_at),
        cancel_reason: sending.cancelled.map_or(String::new(), |why| why.as_str().to_owned()),
        invitation: invitation.map(|invitation| pb::SurveyInvitation {
            language: invitation.language.clone(),
            introduction: invitation.introduction.clone(),
            question: invitation.question.clone(),
            url: invitation.url.clone(),
            choices: invitation
                .choices
                .iter()
                .map(|choice| pb::SurveyChoice {
                    score: choice.score,
                    label: choice.label.clone(),
                    url: choice.url.clone(),
                })
                .collect(),
        }),
        created_at: time(sending.created_at),
    }
}

/// An answer.
pub fn survey_answer(answer: &Answer) -> pb::SurveyAnswer {
    let kind = answer.kind.as_str();
    pb::SurveyAnswer {
        name: match answer.ticket {
            Some(ticket) => names::survey_answer(ticket, kind, answer.solve),
            None => names::customer_answer(answer.recorded_for, answer.id),
        },
        survey: kind.to_owned(),
        score: answer.score,
        solve: answer.solve,
        agent: answer.agent.clone().unwrap_or_default(),
        answered_at: time(answer.answered_at),
        kind: words::survey_kind(answer.kind).into(),
        scale: Some(scale_of(answer.scale, answer.high_is_good)),
        asked_by: answer.survey.as_deref().map(names::survey).unwrap_or_default(),
        ticket: answer.ticket.map(names::ticket).unwrap_or_default(),
        customer: names::customer(answer.customer),
        sending: answer.sending.map(names::sending).unwrap_or_default(),
        comment: answer.comment.clone(),
        has_comment: answer.has_comment,
        late: answer.late,
    }
}

/// An answer beside the one that replaced it: without the comment.
pub fn survey_answer_in_brief(answer: &Answer) -> pb::SurveyAnswer {
    pb::SurveyAnswer {
        comment: String::new(),
        ..survey_answer(answer)
    }
}

/// A kind; none when unspecified.
pub fn read_kind(field: &str, value: i32, violations: &mut Violations) -> Option<Kind> {
    words::read_survey_kind(value, field, violations)
}

/// Whether its condition asks for the tenant's own fields.
pub fn asks_own_fields(given: &pb::Survey) -> bool {
    let rule = given.rule.as_ref();
    rule.is_some_and(|rule| rule.condition.contains(filter::OWN))
}

/// The fields of a survey that a mask names; at least one.
pub fn read_survey_mask(mask: Option<&prost_types::FieldMask>, violations: &mut Violations) -> Vec<survey::Field> {
    input::mask_of(mask, survey::Field::parse, violations)
}

/// What a client defines, with times and revision still to be set; `fields` are the tenant's own, where its condition asks for them. A kind that is not given is CSAT; whether it had to be,
/// the caller knows.
pub fn read_survey(id: &str, given: &pb::Survey, fields: &Definitions, violations: &mut Violations) -> Survey {
    let kind = words::read_survey_kind(given.kind, "survey.kind", violations);
    let least = (HOUR, YEAR, "1 hour to 366 days");
    let most = (TimeDelta::zero(), YEAR, "at most 366 days");
    Survey {
        id: id.to_owned(),
        kind: kind.unwrap_or(Kind::Csat),
        display_name: input::text(
            "survey.display_name",
            &given.display_name,
            input::DISPLAY_NAME_MAX,
            violations,
        ),
        texts: read_texts(&given.texts, violations),
        ask_comment: given.ask_comment,
        rule: given
            .rule
            .as_ref()
            .map(|rule| read_rule(rule, fields, violations))
            .unwrap_or_default(),
        valid_for: input::span("survey.valid_for", given.valid_for.as_ref(), least, violations)
            .unwrap_or(survey::VALID_FOR),
        late_for: input::span("survey.late_for", given.late_for.as_ref(), most, violations).unwrap_or_default(),
        repeats: words::read_repeats(given.repeats, "survey.repeats", violations).unwrap_or(Repeats::Replace),
        active: given.active,
        revision: 1,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

fn read_texts(given: &[pb::SurveyText], violations: &mut Violations) -> Vec<Text> {
    if given.len() > TEXTS_MAX {
        violations.add("survey.texts", format!("at most {TEXTS_MAX} languages"));
    }
    let mut seen = HashSet::new();
    let mut read = Vec::new();
    for (index, text) in given.iter().take(TEXTS_MAX).enumerate() {
        let path = |field: &str| format!("survey.texts[{index}].{field}");
        if text.language.is_empty() {
            violations.add(path("language"), "must be given");
        } else if !seen.insert(text.language.to_ascii_lowercase()) {
            violations.add(path("language"), "is there twice");
        }
        if text.question.trim().is_empty() {
            violations.add(path("question"), "must be given");
        }
        read.push(Text {
            language: input::language(&path("language"), &text.language, violations),
            question: input::text(&path("question"), text.question.trim(), QUESTION_MAX, violations),
            introduction: input::text(
                &path("introduction"),
                text.introduction.trim(),
                INTRODUCTION_MAX,
                violations,
            ),
            thanks: input::text(&path("thanks"), text.thanks.trim(), THANKS_MAX, violations),
        });
    }
    read
}

fn read_rule(given: &pb::SurveyRule, fields: &Definitions, violations: &mut Violations) -> Rule {
    let delays = (TimeDelta::zero(), TimeDelta::days(90), "at most 90 days");
    let caps = (HOUR, TimeDelta::days(1_000), "1 hour to 1,000 days");
    violations.take(
        "survey.rule.condition",
        Filter::parse(&given.condition, &filter::schema(fields)),
    );
    let share = given.share.unwrap_or(1.0);
    if !(0.0..=1.0).contains(&share) {
        violations.add("survey.rule.share", "must be 0 to 1");
    }
    if given.position.abs() > POSITION_MAX {
        violations.add("survey.rule.position", "must be −1,000,000 to 1,000,000");
    }
    Rule {
        trigger: words::read_trigger(given.trigger, "survey.rule.trigger", violations),
        delay: input::span("survey.rule.delay", given.delay.as_ref(), delays, violations).unwrap_or_default(),
        condition: given.condition.trim().to_owned(),
        share,
        every: input::span("survey.rule.every", given.every.as_ref(), caps, violations),
        position: given.position,
    }
}
