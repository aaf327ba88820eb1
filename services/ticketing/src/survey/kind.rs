//! What a survey asks: the kind fixes the scale and its direction.

use std::ops::RangeInclusive;
use std::str::FromStr;

use vorrang_error::Error;

use crate::words::words;

words! {
    /// What a survey asks. The word is the one that figures are called by.
    Kind {
        /// Satisfaction with the help.
        Csat = "csat",
        /// Effort it took; low is good.
        CesEffort = "ces_effort",
        /// Agreement that it was made easy.
        CesEase = "ces_ease",
        /// Likelihood of recommending.
        Nps = "nps",
        /// Whether one contact was enough.
        OneContact = "one_contact",
        /// Personal emotional connection.
        Pec = "pec",
    }
}

words! {
    /// What becomes of a second answer to the same question.
    Repeats {
        /// It replaces the first.
        Replace = "REPLACE",
        /// It is refused.
        FirstStands = "FIRST_STANDS",
    }
}

impl Kind {
    /// The scores there are.
    pub fn scale(self) -> RangeInclusive<i32> {
        match self {
            Self::Csat | Self::CesEffort | Self::Pec => 1..=5,
            Self::CesEase => 1..=7,
            Self::Nps => 0..=10,
            Self::OneContact => 0..=1,
        }
    }

    /// Whether the highest score is the best.
    pub fn high_is_good(self) -> bool {
        !matches!(self, Self::CesEffort)
    }

    /// Refuses a score that is not on the scale.
    ///
    /// # Errors
    /// Invalid `score`.
    pub fn check(self, score: i32) -> Result<(), Error> {
        let scale = self.scale();
        if scale.contains(&score) {
            return Ok(());
        }
        Err(Error::invalid_field(
            "score",
            format!("must be {} to {} for {}", scale.start(), scale.end(), self.as_str()),
        ))
    }

    /// The kind of this word; none when it is no kind's.
    pub fn of(word: &str) -> Option<Self> {
        Self::from_str(word).ok()
    }
}
