//! Whether contacts were served in the promised order: class first, then due time, then arrival. Pure.

use chrono::{DateTime, Utc};

/// What decided the place of a contact, as routing said with its offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    pub ticket: String,
    /// 0 is served first.
    pub class_rank: i32,
    pub due_at: Option<DateTime<Utc>>,
    pub queue_entered_at: Option<DateTime<Utc>>,
    /// Its channel.
    pub channel: i32,
    /// Channels of which the agent who got it could have taken a contact at that moment.
    pub takeable: Vec<i32>,
    /// How many contacts had been offered when this one came into the queue: nobody before that could have waited for it.
    pub known_after: usize,
}

impl Served {
    /// The promised order.
    fn key(&self) -> (i32, Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        (self.class_rank, self.due_at, self.queue_entered_at)
    }

    /// Whether `other` should have been offered in its place.
    fn passed_over(&self, other: &Self) -> bool {
        other.key() < self.key() && self.takeable.contains(&other.channel)
    }
}

/// How many contacts were offered although a more urgent one was waiting already that the same agent could have taken.
/// `served` is in the order of first offers.
pub fn out_of_order(served: &[Served]) -> usize {
    served
        .iter()
        .enumerate()
        .filter(|(position, earlier)| {
            served[position + 1..]
                .iter()
                .any(|later| later.known_after <= *position && earlier.passed_over(later))
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(class_rank: i32, due: i64, known_after: usize) -> Served {
        Served {
            ticket: String::new(),
            class_rank,
            due_at: DateTime::from_timestamp(due, 0),
            queue_entered_at: DateTime::from_timestamp(0, 0),
            channel: 1,
            takeable: vec![1],
            known_after,
        }
    }

    #[test]
    fn sorted_is_in_order() {
        assert_eq!(0, out_of_order(&[]));
        assert_eq!(
            0,
            out_of_order(&[contact(0, 9, 0), contact(1, 1, 0), contact(1, 2, 0), contact(1, 2, 0)])
        );
    }

    #[test]
    fn whoever_was_passed_over_is_counted() {
        assert_eq!(1, out_of_order(&[contact(1, 1, 0), contact(0, 9, 0)]));
        assert_eq!(2, out_of_order(&[contact(2, 1, 0), contact(1, 9, 0), contact(0, 9, 0)]));
        assert_eq!(1, out_of_order(&[contact(1, 5, 0), contact(1, 4, 0)]));
    }

    #[test]
    fn what_the_agent_could_not_take_was_not_passed_over() {
        let chat = Served {
            channel: 2,
            ..contact(0, 9, 0)
        };
        let only_mail = contact(1, 1, 0);
        assert_eq!(0, out_of_order(&[only_mail.clone(), chat.clone()]));
        assert_eq!(
            1,
            out_of_order(&[
                Served {
                    takeable: vec![1, 2],
                    ..only_mail
                },
                chat
            ])
        );
    }

    #[test]
    fn who_came_later_was_not_passed_over() {
        assert_eq!(0, out_of_order(&[contact(4, 1, 0), contact(0, 1, 1), contact(4, 2, 0)]));
        assert_eq!(1, out_of_order(&[contact(4, 1, 0), contact(4, 2, 0), contact(0, 1, 1)]));
    }
}
