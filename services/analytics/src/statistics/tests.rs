use super::*;

fn close(actual: f64, expected: f64) {
    assert!(
        (actual - expected).abs() <= 1e-8 * expected.abs().max(1.0),
        "{actual} is not {expected}"
    );
}

#[test]
fn quantiles_interpolate_between_order_statistics() {
    assert_eq!(quantile(&[], 0.5), None);
    assert_eq!(quantile(&[7.0], 0.99), Some(7.0));
    // Position 3 × 0.5 = 1.5: half way between 1200 and 1800.
    let waits = [210.0, 1200.0, 1800.0, 1800.0];
    assert_eq!(quantile(&waits, 0.5), Some(1500.0));
    assert_eq!(quantile(&waits, 0.9), Some(1800.0));
    // Position 9 × 0.95 = 8.55.
    let ten: Vec<f64> = (1..=10).map(f64::from).collect();
    close(quantile(&ten, 0.95).expect("ten values"), 9.55);
    assert_eq!(quantile(&ten, 0.0), Some(1.0));
    assert_eq!(quantile(&ten, 1.0), Some(10.0));
}

#[test]
fn wilson_matches_the_worked_examples() {
    assert_eq!(wilson(0, 0), None);
    let (low, high) = wilson(3, 5).expect("five answers");
    close(low * 100.0, 23.072_428_128);
    close(high * 100.0, 88.237_922_577);
    let (low, high) = wilson(2, 4).expect("four tickets");
    close(low * 100.0, 15.003_898_915);
    close(high * 100.0, 84.996_101_085);
}

#[test]
fn wilson_stays_inside_the_unit_interval() {
    for total in 1..200 {
        let (low, _) = wilson(0, total).expect("observations");
        assert!((0.0..1e-12).contains(&low), "nothing of {total}: {low}");
        let (_, high) = wilson(total, total).expect("observations");
        assert!(high <= 1.0 && high > 0.999_999, "all of {total}: {high}");
    }
}

#[test]
fn the_normal_interval_needs_two_values_and_is_not_cut() {
    assert_eq!(normal(&[]), None);
    assert_eq!(normal(&[5.0]), None);
    let (low, high) = normal(&[30.0, 140.0, 10.0]).expect("three waits");
    close(low, -19.211_001_386);
    close(high, 139.211_001_386);
    assert_eq!(normal(&[4.0, 4.0]), Some((4.0, 4.0)));
}
