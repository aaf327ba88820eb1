//! Where a contact waits: the lane (queue and channel) and the place in it.

use std::fmt;

/// One requirement set: today the queue and the channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane(String);

impl Lane {
    /// The lane of `channel` in `queue`. Characters that separate lanes are replaced: a strange name must not stop the feed.
    pub fn new(queue: &str, channel: &str) -> Self {
        let clean = |part: &str| part.replace(['/', '\n'], "_");
        Self(format!("{}/{}", clean(queue), clean(channel)))
    }

    pub(crate) fn from_name(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The name of the queue.
    pub fn queue(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(queue, _)| queue)
    }

    /// The name of the channel.
    pub fn channel(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(_, channel)| channel)
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The place in the order: class first, then due time, then arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// 0 is served first; at most 255.
    pub class: u8,
    /// Due time in unix milliseconds; kept between 0 and the year 2527.
    pub due_ms: i64,
    /// Arrival in unix microseconds, not before 1970.
    pub arrival_us: i64,
}

/// 2^44 ms are 557 years; 255 classes of that width still fit the 53 bits of a zset's score exactly.
const CLASS_WIDTH: i64 = 1 << 44;

impl Place {
    pub(crate) fn score(&self) -> String {
        let due_ms = self.due_ms.clamp(0, CLASS_WIDTH - 1);
        (i64::from(self.class) * CLASS_WIDTH + due_ms).to_string()
    }

    /// The member of the zset: equal scores are ordered by it, so by arrival.
    pub(crate) fn member(&self, ticket: &str) -> String {
        format!("{:020}:{ticket}", self.arrival_us.max(0))
    }

    pub(crate) fn read(score: &str, member: &str) -> Option<Self> {
        let score: i64 = score.parse().ok()?;
        Some(Self {
            class: u8::try_from(score / CLASS_WIDTH).ok()?,
            due_ms: score % CLASS_WIDTH,
            arrival_us: arrival(member)?,
        })
    }
}

/// The arrival in a member, in unix microseconds.
pub(crate) fn arrival(member: &str) -> Option<i64> {
    member.get(..20)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_score_and_member_at_its_bounds() {
        for class in [0, 5, 255] {
            for due_ms in [0, 1_790_000_000_000, CLASS_WIDTH - 1] {
                let place = Place {
                    class,
                    due_ms,
                    arrival_us: 1_790_000_000_000_123,
                };
                let read = Place::read(&place.score(), &place.member("t")).expect("reads");
                assert_eq!(read, place);
                let exact = place.score().parse::<f64>().expect("a number");
                assert_eq!(format!("{exact:.0}"), place.score(), "a zset keeps it exactly");
            }
        }
    }

    #[test]
    fn times_out_of_range_do_not_leave_their_class() {
        let early = Place {
            class: 1,
            due_ms: -5,
            arrival_us: -5,
        };
        assert_eq!(
            Place::read(&early.score(), &early.member("t")).map(|p| p.class),
            Some(1)
        );
        let late = Place {
            class: 1,
            due_ms: i64::MAX,
            arrival_us: 0,
        };
        assert_eq!(Place::read(&late.score(), &late.member("t")).map(|p| p.class), Some(1));
    }
}
