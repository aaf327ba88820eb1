use super::*;

#[test]
fn every_method_of_the_contracts_names_a_scope_that_exists() {
    let methods = Methods::new(vorrang_api::FILE_DESCRIPTOR_SET).expect("the contracts can be read");
    let ours: Vec<_> = methods
        .0
        .values()
        .filter(|method| method.name.starts_with("vorrang."))
        .collect();
    assert!(ours.len() > 20, "only {} methods found", ours.len());
    for method in ours {
        assert!(
            matches!(method.access, Access::Scoped(_)),
            "{} names no scope",
            method.name
        );
    }
}

#[test]
fn only_health_and_reflection_are_public() {
    let methods = Methods::new(vorrang_api::FILE_DESCRIPTOR_SET).expect("the contracts can be read");
    for method in methods.0.values().filter(|method| method.access == Access::Public) {
        assert!(
            method.name.starts_with("grpc.health.v1.") || method.name.starts_with("grpc.reflection."),
            "{} is public",
            method.name
        );
    }
    let watch = methods.get("/grpc.health.v1.Health/Watch").expect("it is known");
    assert!(watch.streaming && watch.access == Access::Public);
}

#[test]
fn a_method_without_scope_is_for_nobody() {
    assert_eq!(access(Some("tickets.read")), Access::Scoped(Scope::TicketsRead));
    for option in [
        None,
        Some(""),
        Some("tickets.reed"),
        Some("tickets.read tickets.write"),
        Some("*"),
    ] {
        assert_eq!(access(option), Access::Nobody, "{option:?}");
    }
}

#[test]
fn damaged_descriptors_are_an_error() {
    assert!(Methods::new(b"\xff\xff\xff").is_err());
}
