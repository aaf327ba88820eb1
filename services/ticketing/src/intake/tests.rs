use super::*;
use vorrang_error::Violation;

#[test]
fn an_error_is_told_to_each_item_with_what_a_client_needs() {
    let error = Error::limited("INTAKE_FULL", "come back", Duration::from_secs(2)).with("key", "value");
    let copy = again(&error);
    assert_eq!(
        (copy.kind(), copy.reason(), copy.message()),
        (Kind::Limited, "INTAKE_FULL", "come back")
    );
    assert_eq!(
        (copy.retry_after(), copy.metadata().len()),
        (Some(Duration::from_secs(2)), 1)
    );
    let violation = Violation {
        field: "request_id".to_owned(),
        description: "too long".to_owned(),
    };
    assert_eq!(again(&Error::invalid(vec![violation])).violations().len(), 1);
    let internal = Error::internal("broken").caused_by(std::io::Error::other("disk"));
    assert!(
        again(&internal).chain().contains("disk"),
        "the log of each item names the cause"
    );
}
