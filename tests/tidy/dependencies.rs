//! Who may depend on whom, and one version of what must be one.

use std::collections::BTreeSet;

use crate::sources::{children, name, none, root};

/// From the bottom up. A crate may use those that stand before it.
const LAYERS: [&str; 17] = [
    "error",
    "clock",
    "filter",
    "calendar",
    "sla",
    "history",
    "api",
    "database",
    "queue",
    "typing",
    "telemetry",
    "identity",
    "egress",
    "feed",
    "service",
    "client",
    "testkit",
];

const SERVICES: [&str; 5] = ["ticketing", "ingestion", "routing", "knowledge", "analytics"];

struct Crate {
    folder: String,
    /// Our own crates among its dependencies, without the prefix; those for tests are not in it.
    uses: BTreeSet<String>,
    /// Whatever it depends on.
    foreign: BTreeSet<String>,
}

fn crates() -> Vec<Crate> {
    ["libs", "services"]
        .into_iter()
        .flat_map(|group| children(&root().join(group)))
        .filter(|folder| folder.join("Cargo.toml").is_file())
        .map(|folder| {
            let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
            let manifest: toml::Table = toml::from_str(&manifest).expect("manifests are TOML");
            let names: BTreeSet<String> = manifest
                .get("dependencies")
                .and_then(|dependencies| dependencies.as_table())
                .map(|table| table.keys().cloned().collect())
                .unwrap_or_default();
            let (ours, foreign): (BTreeSet<String>, BTreeSet<String>) =
                names.into_iter().partition(|name| name.starts_with("vorrang-"));
            Crate {
                folder: name(&folder).to_owned(),
                uses: ours
                    .iter()
                    .map(|name| name.trim_start_matches("vorrang-").to_owned())
                    .collect(),
                foreign,
            }
        })
        .collect()
}

#[test]
fn no_service_depends_on_another() {
    let mut findings = Vec::new();
    for own in crates().iter().filter(|own| own.folder != "vorrang") {
        for other in own.uses.iter().filter(|other| SERVICES.contains(&other.as_str())) {
            findings.push(format!("{} uses {other}: services meet over gRPC only", own.folder));
        }
    }
    none("a service's crate is nobody's library", findings);
}

#[test]
fn libraries_depend_downwards() {
    let height = |name: &str| LAYERS.iter().position(|layer| *layer == name);
    let mut findings = Vec::new();
    for own in crates() {
        let Some(own_height) = height(&own.folder) else {
            if !SERVICES.contains(&own.folder.as_str()) && own.folder != "vorrang" {
                findings.push(format!("{} has no place in LAYERS: give it one", own.folder));
            }
            continue;
        };
        for other in &own.uses {
            if height(other).is_none_or(|other| other >= own_height) {
                findings.push(format!("libs/{} uses {other}, which stands above it", own.folder));
            }
        }
    }
    none("libraries depend only on lower ones", findings);
}

#[test]
fn heavy_dependencies_stay_in_their_service() {
    let owners = [
        ("tantivy", "knowledge"),
        ("datafusion", "analytics"),
        ("mail-parser", "ingestion"),
    ];
    let mut findings = Vec::new();
    for own in crates() {
        for (heavy, owner) in owners {
            if own.foreign.contains(heavy) && own.folder != owner {
                findings.push(format!("{} depends on {heavy}, which only {owner} may", own.folder));
            }
        }
        if own.uses.contains("testkit") {
            findings.push(format!("{} depends on testkit outside its tests", own.folder));
        }
    }
    none("heavy crates are paid for once", findings);
}

#[test]
fn the_lock_file_has_one_of_each() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("a lock file");
    let lock: toml::Table = toml::from_str(&lock).expect("the lock file is TOML");
    let packages = lock["package"].as_array().expect("packages");
    let mut findings = Vec::new();
    for one in [
        "tonic",
        "prost",
        "prost-types",
        "axum",
        "hyper",
        "rustls",
        "sqlx-core",
        "opentelemetry",
    ] {
        let versions: Vec<&str> = packages
            .iter()
            .filter(|package| package["name"].as_str() == Some(one))
            .filter_map(|package| package["version"].as_str())
            .collect();
        if versions.len() != 1 {
            findings.push(format!("{one}: {versions:?}"));
        }
    }
    let arrows = packages
        .iter()
        .filter(|package| package["name"].as_str() == Some("arrow"))
        .count();
    if arrows > 1 {
        findings.push(format!("arrow: {arrows} versions"));
    }
    none("types of two versions do not fit together", findings);
}
