//! Quantiles and confidence intervals, exactly as the KPI catalogue states them. Pure.

/// The 97.5 % quantile of the normal distribution: what "95 % interval" means everywhere.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// The type-7 quantile (linear interpolation between order statistics) of `sorted`, `p` in 0..=1.
///
/// `sorted` must be in ascending order. None when it is empty.
pub fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let (below, above, part) = place(sorted.len(), p)?;
    let low = *sorted.get(below)?;
    let high = *sorted.get(above)?;
    Some(low + (high - low) * part)
}

/// Between which two of `len` ordered values the type-7 quantile lies, and how far from the first to the second.
pub fn place(len: usize, p: f64) -> Option<(usize, usize, f64)> {
    let last = len.checked_sub(1)?;
    let position = last as f64 * p.clamp(0.0, 1.0);
    let below = position.floor() as usize;
    let above = position.ceil() as usize;
    Some((below, above, position - below as f64))
}

/// Wilson's interval without continuity correction for `hits` of `total`, as shares in 0..=1.
///
/// None when `total` is 0: no observation says nothing about a share.
pub fn wilson(hits: u64, total: u64) -> Option<(f64, f64)> {
    if total == 0 {
        return None;
    }
    let n = total as f64;
    let share = hits as f64 / n;
    let z2 = Z_95 * Z_95;
    let scale = 1.0 + z2 / n;
    let centre = (share + z2 / (2.0 * n)) / scale;
    let half = Z_95 * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt() / scale;
    // Rounding may leave the unit interval by an ulp when everything or nothing hit.
    Some(((centre - half).max(0.0), (centre + half).min(1.0)))
}

/// The normal interval of a mean, mean ± z·s/√n with the sample standard deviation; not cut to any scale.
///
/// None for fewer than two values: one value has no spread.
pub fn normal(values: &[f64]) -> Option<(f64, f64)> {
    if values.len() < 2 {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    // Two passes: sums of squares minus squares of sums lose digits on month-long waits.
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    let half = Z_95 * (squares / (n - 1.0)).sqrt() / n.sqrt();
    Some((mean - half, mean + half))
}

/// The sample standard deviation; None for fewer than two values.
pub fn deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    Some((squares / (n - 1.0)).sqrt())
}

/// The normal interval of the mean of `n` whole numbers with this sum and this sum of squares. Whole numbers lose no digits.
pub fn normal_of_sums(n: usize, sum: i128, squares: i128) -> Option<(f64, f64)> {
    if n < 2 {
        return None;
    }
    let count = n as i128;
    // Around a whole number near the mean, so that large squares cancel before they are rounded.
    let near = sum / count;
    let rest = sum - near * count;
    let around = squares.saturating_sub(near.saturating_mul(sum.saturating_mul(2).saturating_sub(near * count)));
    let n = n as f64;
    let spread = (around as f64 - (rest as f64) * (rest as f64) / n).max(0.0);
    let half = Z_95 * (spread / (n - 1.0)).sqrt() / n.sqrt();
    let mean = sum as f64 / n;
    Some((mean - half, mean + half))
}

#[cfg(test)]
mod tests;
