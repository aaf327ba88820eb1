//! Values as people read them.

use vorrang_api::analytics::v1::kpi::Unit;

use crate::table::span;

/// No value, which is not zero.
pub const NOTHING: &str = "–";

/// A value in its unit; empty without one.
pub fn number(value: Option<f64>, unit: Unit) -> String {
    match (value, unit) {
        (None, _) => String::new(),
        (Some(seconds), Unit::Seconds) => span(seconds),
        (Some(percent), Unit::Percent) => format!("{percent:.0} %"),
        (Some(count), Unit::Count | Unit::Unspecified) => format!("{count:.0}"),
        (Some(points), Unit::Score | Unit::Ratio) => format!("{points:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_not_zero() {
        assert_eq!("", number(None, Unit::Seconds));
        assert_eq!("0.0 s", number(Some(0.0), Unit::Seconds));
        assert_eq!("83 %", number(Some(83.33), Unit::Percent));
        assert_eq!("4", number(Some(4.0), Unit::Count));
        assert_eq!("4.67", number(Some(4.6666), Unit::Score));
    }
}
