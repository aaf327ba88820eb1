//! Policies, from the contract to the domain.

use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Violations;
use vorrang_sla::{ClockKind, Goal, Match, Metric, Problem, Status, Warning, check};

use super::{TIER_MAX, mask_of, text};
use crate::convert::words;
use crate::customer::tier;
use crate::names;
use crate::sla::{Condition, Field, PolicyDraft, SCHEDULE_NEEDED, needs_schedule, status};

/// Characters of a policy's name.
const DISPLAY_NAME_MAX: usize = 100;
/// The highest position.
const POSITION_MAX: i32 = 1_000_000;
/// Tiers that a policy may name.
const TIERS_MAX: usize = 50;
/// Characters of a reason.
const REASON_MAX: usize = 500;

/// The policy that a request names.
pub fn sla_policy_id(field: &str, name: &str, violations: &mut Violations) -> uuid::Uuid {
    violations
        .take(field, names::parse_sla_policy(name))
        .unwrap_or_default()
}

/// The fields of a policy that a mask names; at least one.
pub fn sla_policy_mask(mask: Option<&prost_types::FieldMask>, violations: &mut Violations) -> Vec<Field> {
    mask_of(mask, Field::parse, violations)
}

/// Why something is done.
pub fn reason(field: &str, value: &str, violations: &mut Violations) -> String {
    if value.trim().is_empty() {
        violations.add(field, "must say why");
    }
    text(field, value.trim(), REASON_MAX, violations)
}

/// The fields of a policy that a client sets: all of them, or those that a mask names. Others are not looked at.
pub fn policy_draft(
    prefix: &str,
    policy: &pb::SlaPolicy,
    only: Option<&[Field]>,
    violations: &mut Violations,
) -> PolicyDraft {
    let path = |field: &str| format!("{prefix}.{field}");
    let wants = |field: Field| only.is_none_or(|only| only.contains(&field));
    let mut draft = PolicyDraft {
        display_name: String::new(),
        position: None,
        matching: Match::default(),
        condition: Condition::default(),
        goals: Vec::new(),
        schedule: None,
    };
    if wants(Field::DisplayName) {
        draft.display_name = text(
            &path("display_name"),
            &policy.display_name,
            DISPLAY_NAME_MAX,
            violations,
        );
    }
    if wants(Field::Position) {
        if !(0..=POSITION_MAX).contains(&policy.position) {
            violations.add(path("position"), format!("must be 0 to {POSITION_MAX}"));
        }
        draft.position = (policy.position > 0).then_some(policy.position);
    }
    if wants(Field::Match) {
        let given = policy.r#match.clone().unwrap_or_default();
        draft.matching = matching(&path("match"), &given, violations);
    }
    if wants(Field::Condition) {
        let read = Condition::parse(&policy.condition).map_err(|error| error.to_string());
        draft.condition = violations.take(path("condition"), read).unwrap_or_default();
    }
    if wants(Field::Goals) {
        draft.goals = goals(&path("goals"), &policy.goals, violations);
    }
    if wants(Field::Schedule) && !policy.schedule.is_empty() {
        violations.take(path("schedule"), names::parse_schedule(&policy.schedule));
        draft.schedule = Some(policy.schedule.clone());
    }
    // Where only one of the two is given the store knows the other.
    if only.is_none() && needs_schedule(&draft.goals, draft.schedule.as_deref()) {
        violations.add(path("schedule"), SCHEDULE_NEEDED);
    }
    draft
}

fn matching(prefix: &str, given: &pb::sla_policy::Match, violations: &mut Violations) -> Match {
    let tiers_path = format!("{prefix}.tiers");
    if given.tiers.len() > TIERS_MAX {
        violations.add(&tiers_path, format!("at most {TIERS_MAX} tiers"));
    }
    let mut tiers = Vec::new();
    for (index, tier) in given.tiers.iter().take(TIERS_MAX).enumerate() {
        let field = format!("{tiers_path}[{index}]");
        let tier = tier::normal(tier);
        if tier.is_empty() {
            violations.add(&field, "must not be empty");
        }
        tiers.push(text(&field, &tier, TIER_MAX, violations));
    }
    let channels = listed(
        &format!("{prefix}.channels"),
        &given.channels,
        violations,
        |value, field, violations| words::read_channel(value, field, violations).map(|channel| channel.as_str()),
    );
    let priorities = listed(
        &format!("{prefix}.priorities"),
        &given.priorities,
        violations,
        |value, field, violations| words::read_priority(value, field, violations).map(|priority| priority.as_str()),
    );
    tiers.sort_unstable();
    tiers.dedup();
    Match {
        tiers,
        channels,
        priorities,
    }
}

/// The values of a list, each once, in the order given. Of wrong ones only the first is told, since an answer has no room
/// for thousands.
fn listed(
    field: &str,
    given: &[i32],
    violations: &mut Violations,
    read: impl Fn(i32, &str, &mut Violations) -> Option<&'static str>,
) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for (index, value) in given.iter().enumerate() {
        let field = format!("{field}[{index}]");
        match read(*value, &field, violations) {
            Some(word) if words.iter().any(|known| known == word) => {}
            Some(word) => words.push(word.to_owned()),
            None => {
                if *value == 0 {
                    violations.add(field, "must be given");
                }
                break;
            }
        }
    }
    words
}

fn goals(prefix: &str, given: &[pb::sla_policy::Goal], violations: &mut Violations) -> Vec<Goal> {
    let most = Metric::ALL.len();
    if !(1..=most).contains(&given.len()) {
        violations.add(prefix, format!("must be 1 to {most} goals"));
    }
    let given = given.get(..most).unwrap_or(given);
    let read: Vec<Option<Goal>> = given
        .iter()
        .enumerate()
        .map(|(index, one)| goal(&format!("{prefix}[{index}]"), one, violations))
        .collect();
    let places: Vec<usize> = (0..read.len()).filter(|index| read[*index].is_some()).collect();
    let goals: Vec<Goal> = read.into_iter().flatten().collect();
    for (index, problem) in check(&goals) {
        let path = format!("{prefix}[{}]", places[index]);
        match problem {
            Problem::Seconds => {
                let most = vorrang_sla::SECONDS_MAX;
                violations.add(format!("{path}.seconds"), format!("must be 1 to {most}"));
            }
            Problem::Warning => violations.add(
                format!("{path}.at_risk"),
                "must be 1 to 99 percent, or 1 second to less than all of them",
            ),
            Problem::Pauses => violations.add(format!("{path}.pauses"), "must hold only PENDING and ON_HOLD"),
            Problem::Twice => violations.add(format!("{path}.metric"), "must not be promised twice"),
        }
    }
    goals
}

fn goal(path: &str, given: &pb::sla_policy::Goal, violations: &mut Violations) -> Option<Goal> {
    use pb::sla_policy::goal::AtRisk;
    let metric = match pb::SlaMetric::try_from(given.metric) {
        Ok(pb::SlaMetric::FirstResponse) => Some(Metric::FirstResponse),
        Ok(pb::SlaMetric::NextResponse) => Some(Metric::NextResponse),
        Ok(pb::SlaMetric::Resolution) => Some(Metric::Resolution),
        Ok(pb::SlaMetric::Unspecified) | Err(_) => {
            violations.add(format!("{path}.metric"), "must say what is promised");
            None
        }
    };
    let clock = match pb::SlaClock::try_from(given.clock) {
        Ok(pb::SlaClock::Elapsed) => Some(ClockKind::Elapsed),
        Ok(pb::SlaClock::Business) => Some(ClockKind::Business),
        Ok(pb::SlaClock::Unspecified) | Err(_) => {
            violations.add(format!("{path}.clock"), "must say which seconds count");
            None
        }
    };
    let pauses = given
        .pauses
        .as_ref()
        .map(|pauses| pauses_of(path, &pauses.states, violations));
    let mut goal = Goal::new(metric?, given.seconds, clock?);
    match given.at_risk {
        // Out of range it is found with everything else that is wrong.
        Some(AtRisk::AtRiskPercent(percent)) => goal.warning = Warning::Percent(u8::try_from(percent).unwrap_or(0)),
        Some(AtRisk::AtRiskSecondsLeft(seconds)) => goal.warning = Warning::SecondsLeft(seconds),
        None => {}
    }
    if let Some(pauses) = pauses {
        goal.pauses = pauses;
    }
    Some(goal)
}

fn pauses_of(path: &str, given: &[i32], violations: &mut Violations) -> Vec<Status> {
    let mut pauses = Vec::new();
    for (index, value) in given.iter().enumerate() {
        let field = format!("{path}.pauses.states[{index}]");
        match words::read_state(*value, &field, violations) {
            Some(state) if pauses.contains(&status(state)) => {}
            Some(state) => pauses.push(status(state)),
            None => {
                if *value == 0 {
                    violations.add(field, "must be given");
                }
                break;
            }
        }
    }
    pauses
}
