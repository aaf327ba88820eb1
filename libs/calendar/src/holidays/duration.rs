//! `P1D`, `P2W`, `PT8H30M`, `P1DT12H`.

/// Days on the local clock, then seconds that pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duration {
    pub days: i64,
    pub seconds: i64,
}

/// A positive duration; `None` when it is none, negative ones included.
pub fn parse(text: &str) -> Option<Duration> {
    let rest = text.strip_prefix('+').unwrap_or(text).strip_prefix('P')?;
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (rest, None),
    };
    let mut duration = Duration { days: 0, seconds: 0 };
    let parts = parts(date, &[('W', 7), ('D', 1)])?;
    duration.days = parts;
    if let Some(time) = time {
        duration.seconds = self::parts(time, &[('H', 3_600), ('M', 60), ('S', 1)])?;
    }
    (!rest.is_empty() && time != Some("")).then_some(duration)
}

/// The sum of numbers with units, each unit at most once and in this order.
fn parts(mut text: &str, units: &[(char, i64)]) -> Option<i64> {
    let mut sum = 0;
    let mut left = units.iter();
    while !text.is_empty() {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        // Four digits: no more than a century of days, and no overflow.
        if digits == 0 || digits > 5 {
            return None;
        }
        let unit = text[digits..].chars().next()?;
        let (_, size) = left.find(|(name, _)| *name == unit)?;
        sum += text[..digits].parse::<i64>().ok()? * size;
        text = &text[digits + 1..];
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_days_and_seconds() {
        for (text, expected) in [
            ("P1D", Some((1, 0))),
            ("P2W", Some((14, 0))),
            ("PT8H30M", Some((0, 30_600))),
            ("P1DT12H", Some((1, 43_200))),
            ("+PT45S", Some((0, 45))),
            ("PT0S", Some((0, 0))),
            ("-P1D", None),
            ("P", None),
            ("P1DT", None),
            ("P1H", None),
            ("PT1D", None),
            ("PT1M1H", None),
            ("P999999D", None),
            ("1D", None),
            ("P1ä", None),
        ] {
            let duration = parse(text).map(|duration| (duration.days, duration.seconds));
            assert_eq!(duration, expected, "{text}");
        }
    }
}
