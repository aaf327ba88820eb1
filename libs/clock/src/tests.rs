use super::*;

#[test]
fn manual_clock_moves_only_when_told_and_is_shared_by_its_clones() {
    let start = DateTime::from_timestamp_micros(1_700_000_000_000_123).expect("valid");
    let clock = ManualClock::new(start);
    let shared = clock.shared();
    assert_eq!(shared.now(), start);
    clock.advance(TimeDelta::seconds(5));
    assert_eq!(shared.now(), start + TimeDelta::seconds(5));
    clock.set(start - TimeDelta::hours(1));
    assert_eq!(shared.now(), start - TimeDelta::hours(1));
}

#[test]
fn times_are_kept_to_the_microsecond() {
    let clock = ManualClock::new(DateTime::from_timestamp_nanos(1_999));
    assert_eq!(clock.now().timestamp_subsec_nanos(), 1_000);
    assert_eq!(system().now().timestamp_subsec_nanos() % 1_000, 0);
}
