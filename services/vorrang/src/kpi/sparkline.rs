//! A course in one line of text.

/// From low to high.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// There is no value.
const GAP: char = ' ';

/// A block for each value, as high as it is between the lowest and the highest; a gap where there is none.
///
/// The lowest block is 0 when no value is below: a small change of large numbers must not look like a large one.
pub fn sparkline(values: &[Option<f64>]) -> String {
    let known = || values.iter().flatten().copied().filter(|value| value.is_finite());
    let low = known().fold(0.0, f64::min);
    let high = known().fold(low, f64::max);
    let block = |value: f64| {
        if high <= low {
            return BLOCKS[0];
        }
        let place = ((value - low) / (high - low) * (BLOCKS.len() - 1) as f64).round();
        BLOCKS[(place as usize).min(BLOCKS.len() - 1)]
    };
    let each = values.iter().map(|value| match value {
        Some(value) if value.is_finite() => block(*value),
        _ => GAP,
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_stand_for_values_and_gaps_for_none() {
        assert_eq!(sparkline(&[Some(0.0), Some(7.0), None, Some(3.5), Some(1.0)]), "▁█ ▅▂");
        assert_eq!(
            sparkline(&[Some(100.0), Some(101.0)]),
            "██",
            "one percent is not everything"
        );
        assert_eq!(sparkline(&[Some(-5.0), Some(0.0), Some(5.0)]), "▁▅█");
        assert_eq!(sparkline(&[Some(0.0), None]), "▁ ");
        assert_eq!(sparkline(&[]), "");
    }
}
