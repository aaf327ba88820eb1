use super::*;

#[test]
fn all_violations_are_reported_at_once() {
    let mut violations = Violations::new();
    assert_eq!(violations.take("page_size", "7".parse::<i32>()), Some(7));
    assert_eq!(violations.take("channel", "x".parse::<i32>()), None);
    violations.add("subject", "must not be empty");
    let error = violations.into_result().expect_err("two are wrong");
    assert_eq!(error.kind(), Kind::Invalid);
    let fields: Vec<_> = error.violations().iter().map(|v| v.field.as_str()).collect();
    assert_eq!(fields, ["channel", "subject"]);
}

#[test]
fn the_cause_is_in_the_chain_but_not_in_the_message() {
    let cause = std::io::Error::other("connection refused");
    let error = Error::unavailable("DATABASE_DOWN", "the database cannot be reached").caused_by(cause);
    assert_eq!(error.to_string(), "the database cannot be reached");
    assert_eq!(error.chain(), "the database cannot be reached: connection refused");
}

#[test]
fn what_an_error_is_about_stands_in_front() {
    let error = Error::precondition("SCHEMA_OLDER", "the schema is older").about("the database of ticketing");
    assert_eq!(error.to_string(), "the database of ticketing: the schema is older");
    assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "SCHEMA_OLDER"));
}

#[test]
fn only_passing_faults_are_retryable() {
    assert!(Kind::Unavailable.retryable());
    assert!(!Kind::Conflict.retryable());
    assert!(!Kind::Internal.retryable());
}

#[test]
fn a_detail_is_in_no_log() {
    let error = Error::conflict("ETAG_MISMATCH", "somebody was faster").with_detail("x.Message", b"secret".to_vec());
    assert_eq!(
        error.detail().map(|detail| detail.value.as_slice()),
        Some(b"secret".as_slice())
    );
    let shown = format!("{error:?} {error} {}", error.chain());
    assert!(!shown.contains("secret") && !shown.contains("115, 101, 99"), "{shown}");
    assert!(shown.contains("x.Message, 6 bytes"));
}
