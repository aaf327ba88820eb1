//! What `service_config.json` tells clients in other languages must be about methods that exist.

use std::collections::BTreeSet;

use prost::Message as _;
use serde_json::Value;

/// Every method of ours that streams, as `service/method`.
fn streaming_methods() -> BTreeSet<String> {
    let set = prost_types::FileDescriptorSet::decode(vorrang_api::FILE_DESCRIPTOR_SET).expect("decodes");
    let mut methods = BTreeSet::new();
    for file in &set.file {
        for service in &file.service {
            for method in &service.method {
                if method.client_streaming() || method.server_streaming() {
                    methods.insert(format!("{}.{}/{}", file.package(), service.name(), method.name()));
                }
            }
        }
    }
    methods
}

#[test]
fn streams_have_no_time_limit_and_everything_else_has() {
    let config: Value = serde_json::from_str(include_str!("../service_config.json")).expect("is JSON");
    let configs = config["methodConfig"].as_array().expect("a list");
    let (limited, unlimited): (Vec<&Value>, Vec<&Value>) =
        configs.iter().partition(|config| config.get("timeout").is_some());
    assert_eq!(limited.len(), 1);
    assert_eq!(
        limited[0]["name"],
        serde_json::json!([{}]),
        "the default of all methods"
    );
    let named: BTreeSet<String> = unlimited
        .iter()
        .flat_map(|config| config["name"].as_array().expect("a list"))
        .map(|name| {
            let part = |key: &str| name[key].as_str().expect("is named").to_owned();
            format!("{}/{}", part("service"), part("method"))
        })
        .collect();
    assert_eq!(named, streaming_methods());
}

#[test]
fn only_unavailable_is_retried() {
    let config: Value = serde_json::from_str(include_str!("../service_config.json")).expect("is JSON");
    for config in config["methodConfig"].as_array().expect("a list") {
        if let Some(policy) = config.get("retryPolicy") {
            assert_eq!(policy["retryableStatusCodes"], serde_json::json!(["UNAVAILABLE"]));
        }
    }
}
