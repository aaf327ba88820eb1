use super::*;

/// Every kind there is, with the code that the contract promises.
const CODES: [(Kind, Code); 12] = [
    (Kind::Invalid, Code::InvalidArgument),
    (Kind::NotFound, Code::NotFound),
    (Kind::AlreadyExists, Code::AlreadyExists),
    (Kind::Precondition, Code::FailedPrecondition),
    (Kind::Conflict, Code::Aborted),
    (Kind::Denied, Code::PermissionDenied),
    (Kind::Unauthenticated, Code::Unauthenticated),
    (Kind::Limited, Code::ResourceExhausted),
    (Kind::OutOfRange, Code::OutOfRange),
    (Kind::Unavailable, Code::Unavailable),
    (Kind::Timeout, Code::DeadlineExceeded),
    (Kind::Internal, Code::Internal),
];

#[test]
fn every_kind_has_its_code_and_an_error_info() {
    for (kind, code) in CODES {
        let status = status(Error::new(kind, "SOME_REASON", "something").with("key", "value"));
        assert_eq!(status.code(), code);
        let info = status.get_details_error_info().expect("every status has one");
        assert_eq!(info.domain, "vorrang.dev");
        if kind != Kind::Internal {
            assert_eq!(info.reason, "SOME_REASON");
            assert_eq!(info.metadata["key"], "value");
            assert_eq!(status.message(), "something");
        }
    }
}

#[test]
fn what_is_internal_stays_inside() {
    let status = status(Error::internal("password=hunter2").caused_by("row of a customer"));
    let info = status.get_details_error_info().expect("there is one");
    assert!(!format!("{status:?}").contains("hunter2"));
    assert!(!format!("{status:?}").contains("row of"));
    assert_eq!(
        status.message(),
        format!("internal error {}", info.metadata["error_id"])
    );
}

#[test]
fn violations_resources_and_retry_times_are_passed_on() {
    let invalid = vec![
        Violation {
            field: "a".to_owned(),
            description: "first".to_owned(),
        },
        Violation {
            field: "b.c".to_owned(),
            description: "second".to_owned(),
        },
    ];
    let bad = status(Error::invalid(invalid))
        .get_details_bad_request()
        .expect("there is one");
    let fields: Vec<_> = bad.field_violations.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields, ["a", "b.c"]);

    let missing = status(Error::not_found("vorrang.ticketing.v1.Ticket", "tickets/1"));
    let resource = missing.get_details_resource_info().expect("there is one");
    assert_eq!(
        (resource.resource_type.as_str(), resource.resource_name.as_str()),
        ("vorrang.ticketing.v1.Ticket", "tickets/1")
    );
    assert!(missing.get_details_retry_info().is_none());

    let limited = status(Error::limited("R", "m", Duration::from_millis(250)));
    assert_eq!(
        limited.get_details_retry_info().and_then(|info| info.retry_delay),
        Some(Duration::from_millis(250))
    );
    assert!(status(Error::unavailable("R", "m")).get_details_retry_info().is_some());
    let running = Error::conflict("REQUEST_RUNNING", "m").with_retry_after(Duration::from_secs(1));
    assert!(status(running).get_details_retry_info().is_some());
}

#[test]
fn errors_survive_the_way_over_a_peer() {
    let conflict = status(Error::conflict("GENERATION_CHANGED", "somebody was faster"));
    assert_eq!(reason(&conflict).as_deref(), Some("GENERATION_CHANGED"));
    let error = peer_error("ticketing", conflict);
    assert_eq!(error.kind(), Kind::Conflict);
    assert_eq!(error.message(), "somebody was faster");
    assert!(
        error
            .metadata()
            .contains(&("peer_reason", "GENERATION_CHANGED".to_owned()))
    );

    let invalid = peer_error("ticketing", status(Error::invalid_field("subject", "too long")));
    assert_eq!(invalid.kind(), Kind::Invalid);
    assert_eq!(invalid.violations()[0].field, "subject");

    let limited = peer_error("ticketing", status(Error::limited("R", "m", Duration::from_secs(3))));
    assert_eq!(limited.retry_after(), Some(Duration::from_secs(3)));
}

#[test]
fn a_peer_that_refuses_our_own_token_is_our_defect() {
    for code in [
        Code::Unauthenticated,
        Code::PermissionDenied,
        Code::Unimplemented,
        Code::Unknown,
    ] {
        assert_eq!(peer_error("routing", Status::new(code, "no")).kind(), Kind::Internal);
    }
}

/// What `status` takes on the wire, as HTTP/2 counts it: clients in other languages refuse more than 8 KiB.
fn wire_bytes(status: &Status) -> usize {
    let mut headers = http::HeaderMap::new();
    status.add_header(&mut headers).expect("valid headers");
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 32)
        .sum()
}

#[test]
fn many_violations_are_counted_instead_of_listed() {
    let violations = (0..300).map(|n| Violation {
        field: format!("tags[{n}]"),
        description: "must have 1 to 64 characters".to_owned(),
    });
    let status = status(Error::invalid(violations.collect()));
    assert_eq!(status.code(), Code::InvalidArgument);
    let listed = status.get_details_bad_request().expect("there is one").field_violations;
    assert!(listed.len() > 30 && listed.len() <= 51, "{}", listed.len());
    assert_eq!(listed[0].field, "tags[0]");
    let rest = listed.last().expect("there are some");
    assert_eq!(
        (rest.field.as_str(), rest.description.as_str()),
        ("", format!("and {} more", 300 - (listed.len() - 1)).as_str())
    );
    assert!(wire_bytes(&status) < 6 * 1024, "{}", wire_bytes(&status));
}

#[test]
fn the_largest_status_fits_into_the_headers_that_clients_accept() {
    for text in ["x", "ü", "\u{1f642}", " "] {
        let long = text.repeat(20_000);
        let violation = Violation {
            field: long.clone(),
            description: long.clone(),
        };
        let invalid = Error::invalid(vec![violation; 60]);
        let missing = Error::not_found("vorrang.ticketing.v1.CustomerIdentity", long.clone());
        for error in [invalid, missing] {
            let error = (0..20).fold(error, |error, _| error.with("sent", long.clone()));
            let keys = ["a_long_key_of_metadata", "b", "c", "d", "e", "f", "g", "h", "i"];
            let error = keys.iter().fold(error, |error, key| error.with(key, long.clone()));
            let status = status(error.with_retry_after(Duration::from_secs(1)));
            assert!(wire_bytes(&status) < 7 * 1024, "{}", wire_bytes(&status));
            assert!(status.get_details_error_info().is_some());
        }
    }
}

#[test]
fn what_a_client_sent_is_not_echoed_at_length() {
    let status = status(crate::check_etag(&"e".repeat(20_000), 7).expect_err("stale"));
    let info = status.get_details_error_info().expect("there is one");
    assert!(info.metadata["sent"].len() <= 128, "{}", info.metadata["sent"].len());
    assert!(info.metadata["sent"].ends_with('…'));
    assert_eq!(info.metadata["stored"], "\"7\"");
}

/// A message of the contract travels with everything else that an error says, and never makes a status too large.
#[test]
fn a_detail_reaches_the_client_beside_the_rest() {
    let newest = prost_types::Timestamp { seconds: 42, nanos: 7 };
    let error = crate::check_etag("\"1\"", 7)
        .expect_err("stale")
        .with_detail("google.protobuf.Timestamp", newest.encode_to_vec());
    let sent = status(error);
    assert_eq!(
        (sent.code(), reason(&sent).as_deref()),
        (Code::Aborted, Some("ETAG_MISMATCH"))
    );
    let all = tonic_types::Status::decode(sent.details()).expect("a status");
    let any = all.details.last().expect("the detail");
    assert_eq!(any.type_url, "type.googleapis.com/google.protobuf.Timestamp");
    assert_eq!(prost_types::Timestamp::decode(any.value.as_slice()), Ok(newest));
    assert_eq!(peer_error("ticketing", sent).kind(), Kind::Conflict);

    let large = |bytes| {
        let long = "ü".repeat(20_000);
        let keys = ["a_long_key_of_metadata", "b", "c", "d", "e", "f", "g", "h", "i"];
        let error = keys
            .iter()
            .fold(Error::conflict("ETAG_MISMATCH", long.clone()), |error, key| {
                error.with(key, long.clone())
            });
        status(error.with_detail("vorrang.ticketing.v1.Message", vec![b'x'; bytes]))
    };
    assert!(wire_bytes(&large(2_048)) < 7 * 1024, "{}", wire_bytes(&large(2_048)));
    let without = wire_bytes(&large(2_049));
    assert!(
        without < wire_bytes(&large(2_048)) - 2_048,
        "one that is too large is left out: {without}"
    );
    assert!(large(2_049).get_details_error_info().is_some());
}
