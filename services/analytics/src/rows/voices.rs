//! What customers answered and reviewers found (D37, D38, D53, D58).

use std::collections::BTreeMap;

use super::life::Holders;
use super::{Answer, Holder, Reviewed, Sending, Solve};
use crate::buckets::Micros;
use crate::facts::{Entry, Facts, Order, Step, Survey};

/// The answers among `steps` that hold: of several about one solve the last. About which solve, when it is not said: the
/// latest before the answer.
pub fn answers(steps: &[Entry], solves: &[(Micros, Order)], by_solve: &[Solve], holders: &Holders) -> Vec<Answer> {
    let mut holds: BTreeMap<(u8, usize), Answer> = BTreeMap::new();
    for entry in steps {
        let Step::Answered {
            survey,
            solve,
            score,
            agent,
        } = entry.step
        else {
            continue;
        };
        let about = match solve {
            0 => solves.partition_point(|place| *place < (entry.at, entry.order)),
            said => usize::from(said),
        };
        let rated = about.checked_sub(1).and_then(|place| by_solve.get(place));
        let by = Holder {
            agent: agent.or_else(|| rated.and_then(|solve| solve.by.agent)),
            queue: holders.before(entry.at, entry.order).queue,
        };
        // Steps come by time: the later replaces the earlier, at its own time.
        holds.insert(
            (survey as u8, about),
            Answer {
                at: entry.at,
                survey,
                score: f64::from(score),
                by,
            },
        );
    }
    holds.into_values().collect()
}

/// Each question sent, and whether an answer came before the next one was sent.
pub fn sendings(steps: &[Entry], holders: &Holders) -> Vec<Sending> {
    let mut found: Vec<Sending> = Vec::new();
    let mut waiting: BTreeMap<u8, usize> = BTreeMap::new();
    for entry in steps {
        match entry.step {
            Step::SurveySent { survey } => {
                waiting.insert(survey as u8, found.len());
                found.push(Sending {
                    at: entry.at,
                    survey,
                    answered: false,
                    queue: holders.before(entry.at, entry.order).queue,
                });
            }
            Step::Answered { survey, .. } => {
                if let Some(sending) = waiting.remove(&(survey as u8)).and_then(|place| found.get_mut(place)) {
                    sending.answered = true;
                }
            }
            _ => {}
        }
    }
    found
}

/// The reviews among `steps`.
pub fn reviews(steps: &[Entry], holders: &Holders, facts: &Facts) -> Vec<Reviewed> {
    let mut found = Vec::new();
    for entry in steps {
        if let Step::Reviewed { review } = entry.step
            && let Some(review) = facts.review(review)
        {
            found.push(Reviewed {
                at: entry.at,
                by: Holder {
                    agent: review.agent,
                    queue: holders.before(entry.at, entry.order).queue,
                },
                quality: review.quality,
                connection: review.connection,
            });
        }
    }
    found
}

/// Answers that name a customer and no ticket all count.
pub fn answers_of_customer(steps: &[Entry]) -> impl Iterator<Item = Answer> {
    steps.iter().filter_map(|entry| match entry.step {
        Step::Answered {
            survey, score, agent, ..
        } => Some(Answer {
            at: entry.at,
            survey,
            score: f64::from(score),
            by: Holder { agent, queue: None },
        }),
        _ => None,
    })
}

/// Questions sent to a customer and about no ticket.
pub fn sendings_of_customer(steps: &[Entry]) -> Vec<Sending> {
    sendings(steps, &Holders::of(None, &[]))
}

/// Whether an answer is a bad one; None for questions that know no bad answers.
pub fn is_bad(survey: Survey, score: f64) -> Option<bool> {
    match survey {
        Survey::Csat => Some(score <= 3.0),
        Survey::CesEffort => Some(score >= 4.0),
        Survey::Nps => Some(score <= 6.0),
        Survey::CesEase | Survey::OneContact | Survey::Pec => None,
    }
}
