use super::*;

fn rate(per_second: u32, burst: u32) -> Rate {
    let mut limits = crate::Config::defaults().limits;
    limits.tenant_requests_per_second = per_second;
    limits.tenant_burst = burst;
    Rate::new(&limits)
}

#[test]
fn a_burst_passes_and_then_the_average_holds() {
    let rate = rate(10, 3);
    let start = Instant::now();
    for _ in 0..3 {
        assert!(rate.check_at("acme", start).is_ok());
    }
    let error = rate.check_at("acme", start).expect_err("the burst is used up");
    assert_eq!(error.reason(), "TENANT_RATE_LIMITED");
    let wait = error.retry_after().expect("it says when");
    assert!(
        wait > Duration::from_millis(99) && wait < Duration::from_millis(101),
        "{wait:?}"
    );
    assert!(rate.check_at("acme", start + wait).is_ok());
    assert!(rate.check_at("acme", start + wait).is_err());
}

#[test]
fn tenants_do_not_use_up_each_others_calls() {
    let rate = rate(1, 1);
    let now = Instant::now();
    assert!(rate.check_at("acme", now).is_ok());
    assert!(rate.check_at("globex", now).is_ok());
    assert!(rate.check_at("acme", now).is_err());
}

#[test]
fn a_long_rest_gives_no_more_than_the_burst() {
    let rate = rate(100, 2);
    let start = Instant::now();
    assert!(rate.check_at("acme", start).is_ok());
    let later = start + Duration::from_secs(3600);
    assert!(rate.check_at("acme", later).is_ok());
    assert!(rate.check_at("acme", later).is_ok());
    assert!(rate.check_at("acme", later).is_err());
}

#[test]
fn zero_means_no_limit() {
    let rate = rate(0, 1);
    let now = Instant::now();
    assert!((0..1_000).all(|_| rate.check_at("acme", now).is_ok()));
}

#[test]
fn full_buckets_are_forgotten() {
    let rate = rate(1_000, 1);
    let start = Instant::now();
    for tenant in 0..=BUCKETS {
        assert!(rate.check_at(&tenant.to_string(), start).is_ok());
    }
    assert!(rate.check_at("late", start + Duration::from_secs(1)).is_ok());
    assert_eq!(rate.0.buckets.lock().expect("nothing panicked").len(), 1);
}
