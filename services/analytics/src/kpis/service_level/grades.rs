//! The table of grades, and where the source's own bands have holes.

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

/// How good something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Nobody should be served so.
    Unacceptable,
    /// Worse than usual.
    BelowAverage,
    /// As usual.
    Average,
    /// Better than usual.
    AboveAverage,
    /// As good as it gets.
    Stellar,
}

/// From the worst to the best.
const GRADES: [Grade; 5] = [
    Grade::Unacceptable,
    Grade::BelowAverage,
    Grade::Average,
    Grade::AboveAverage,
    Grade::Stellar,
];

impl Grade {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Grade::Unacceptable => "UNACCEPTABLE",
            Grade::BelowAverage => "BELOW_AVERAGE",
            Grade::Average => "AVERAGE",
            Grade::AboveAverage => "ABOVE_AVERAGE",
            Grade::Stellar => "STELLAR",
        }
    }

    /// 1 to 5.
    pub fn points(self) -> f64 {
        self as usize as f64 + 1.0
    }

    /// The grade of a mean of points, rounded down.
    pub fn of_points(points: f64) -> Self {
        // A mean of equal grades may come out an ulp below them.
        let place = ((points + 1e-9).floor() - 1.0).clamp(0.0, 4.0) as usize;
        GRADES.get(place).copied().unwrap_or(Grade::Unacceptable)
    }
}

/// What is expected of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// E-mail, web forms and channels that nobody knows.
    Mail,
    /// Social networks.
    Social,
    /// Live chat.
    Chat,
    /// SMS, WhatsApp, phone.
    Instant,
}

impl Class {
    /// The class of a channel.
    pub fn of(channel: &str) -> Self {
        match channel {
            "social" | "facebook" | "instagram" | "twitter" | "x" | "messenger" | "telegram" | "linkedin" => {
                Class::Social
            }
            "chat" => Class::Chat,
            "sms" | "whatsapp" | "phone" => Class::Instant,
            _ => Class::Mail,
        }
    }

    /// Whether people talk over it: what is asked is solved at once.
    pub fn is_spoken(channel: &str) -> bool {
        matches!(channel, "chat" | "phone")
    }

    /// Whether somebody is there at the other end.
    pub fn is_live(channel: &str) -> bool {
        matches!(channel, "chat" | "phone" | "sms" | "whatsapp")
    }
}

/// What is graded, with what else its grade depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// Median first response, in seconds.
    Response(Class),
    /// Median full resolution, in seconds.
    Resolution { spoken: bool, abandoned: bool },
    /// Mean answer.
    Csat { quality: Option<f64> },
    /// Channels offered.
    Channels { live: bool, always: bool },
    /// Percent solved without an agent.
    SelfService,
    /// Contacts that we made first, in percent of those of customers.
    Proactive,
}

/// A value with its grade.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Graded {
    what: Value,
    /// The value.
    pub value: f64,
    /// How many values are behind it.
    pub count: u64,
    /// Its grade.
    pub grade: Grade,
}

/// What each grade from BELOW_AVERAGE on takes, and whether less is better.
fn limits(what: Value) -> ([f64; 4], bool) {
    match what {
        Value::Response(Class::Mail) => ([48.0 * HOUR, 24.0 * HOUR, 4.0 * HOUR, HOUR], true),
        Value::Response(Class::Social) => ([48.0 * HOUR, 24.0 * HOUR, 4.0 * HOUR, 15.0 * MINUTE], true),
        Value::Response(Class::Chat | Class::Instant) => ([HOUR, 10.0 * MINUTE, 5.0 * MINUTE, MINUTE], true),
        Value::Resolution { spoken: true, .. } => ([4.0 * HOUR, HOUR, 30.0 * MINUTE, 10.0 * MINUTE], true),
        Value::Resolution { spoken: false, .. } => ([7.0 * DAY, DAY, 8.0 * HOUR, 2.0 * HOUR], true),
        Value::Csat { .. } => ([3.0, 4.0, 4.8, 4.95], false),
        Value::Channels { .. } => ([2.0, 2.0, 4.0, 4.0], false),
        Value::SelfService => ([0.0, 15.0, 30.0, 50.0], false),
        Value::Proactive => ([0.0, 1.0, 5.0, 10.0], false),
    }
}

impl Graded {
    /// Grades `value`.
    pub fn new(what: Value, value: f64, count: u64) -> Self {
        Self {
            what,
            value,
            count,
            grade: grade(what, value),
        }
    }

    /// What the next grade takes; None for the best.
    pub fn next(&self) -> Option<f64> {
        let (limits, _) = limits(self.what);
        limits.get(self.grade as usize).copied()
    }

    /// The grade above; None for the best.
    pub fn next_grade(&self) -> Option<Grade> {
        GRADES.get(self.grade as usize + 1).copied()
    }

    /// What else the grade above takes that is not so yet.
    pub fn next_needs(&self) -> Vec<&'static str> {
        match (self.what, self.next_grade()) {
            (Value::Resolution { abandoned: true, .. }, Some(_)) => vec!["abandonment_rate <= 20"],
            (Value::Csat { quality }, Some(Grade::Stellar)) if quality.is_none_or(|quality| quality < 90.0) => {
                vec!["quality_score >= 90"]
            }
            (Value::Channels { live: false, .. }, Some(Grade::Average)) => vec!["a live channel"],
            (Value::Channels { always: false, .. }, Some(Grade::Stellar)) => vec!["a channel around the clock"],
            _ => Vec::new(),
        }
    }

    /// Whether the source of the bands itself gives this grade to this value, or leaves a hole there.
    pub fn band(&self) -> &'static str {
        if self.is_in_source() {
            "in_source_band"
        } else {
            "between_bands"
        }
    }

    fn is_in_source(&self) -> bool {
        use Grade::{AboveAverage, Average, BelowAverage, Stellar, Unacceptable};
        let value = self.value;
        match (self.what, self.grade) {
            (Value::Response(Class::Mail | Class::Social), Average) => value >= 12.0 * HOUR,
            (Value::Response(Class::Social), Unacceptable) => false,
            (Value::Response(Class::Mail | Class::Social), _) => true,
            (Value::Response(Class::Chat), BelowAverage) => value >= 30.0 * MINUTE,
            (Value::Response(Class::Chat), Average) => value == 10.0 * MINUTE,
            (Value::Response(Class::Chat), _) => true,
            (Value::Response(Class::Instant), grade) => matches!(grade, Unacceptable | AboveAverage | Stellar),
            (Value::Resolution { spoken, .. }, grade) => grade == Unacceptable || (grade == BelowAverage && !spoken),
            (Value::Csat { .. }, grade) => grade != Unacceptable,
            (Value::Channels { .. }, _) => value != 3.0,
            (Value::SelfService, grade) => matches!(grade, Unacceptable | Stellar),
            (Value::Proactive, grade) => grade == Unacceptable,
        }
    }
}

fn grade(what: Value, value: f64) -> Grade {
    let (limits, less_is_better) = limits(what);
    match what {
        Value::Resolution { abandoned: true, .. } => return Grade::Unacceptable,
        Value::Channels { live, always } => {
            return match value {
                few if few < 2.0 => Grade::Unacceptable,
                many if many >= 4.0 && always => Grade::Stellar,
                many if many >= 4.0 => Grade::AboveAverage,
                _ if live => Grade::Average,
                _ => Grade::BelowAverage,
            };
        }
        _ => {}
    }
    // The first grade above UNACCEPTABLE takes anything at all of a share.
    let more_than = matches!(what, Value::SelfService | Value::Proactive);
    let reached = limits.iter().enumerate().filter(|(place, limit)| {
        if less_is_better {
            value <= **limit
        } else if more_than && *place == 0 {
            value > **limit
        } else {
            value >= **limit
        }
    });
    let grade = GRADES.get(reached.count()).copied().unwrap_or(Grade::Stellar);
    match what {
        Value::Csat { quality } if grade == Grade::Stellar && quality.is_none_or(|quality| quality < 90.0) => {
            Grade::AboveAverage
        }
        _ => grade,
    }
}

#[cfg(test)]
mod tests;
