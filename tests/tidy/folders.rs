//! Where things lie.

use std::path::Path;

use crate::sources::{children, from_root, name, none, root, sources};

#[test]
fn the_top_level_stays_as_designed() {
    let expected = [
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "deploy",
        "justfile",
        "libs",
        "proto",
        "services",
        "tests",
    ];
    let findings: Vec<String> = children(&root())
        .iter()
        .map(|path| name(path).to_owned())
        .filter(|name| !name.starts_with('.') && !expected.contains(&name.as_str()))
        .collect();
    none(
        "everything has its place below: libs, services, proto, deploy, tests",
        findings,
    );
}

#[test]
fn every_folder_that_a_newcomer_opens_explains_itself() {
    let mut findings = Vec::new();
    let mut check = |folder: &Path| {
        if !folder.join("README.md").is_file() {
            findings.push(from_root(folder));
        }
    };
    check(&root());
    for group in ["libs", "services", "proto", "deploy", "tests"] {
        let group = root().join(group);
        check(&group);
        if ["libs", "services"].contains(&name(&group)) {
            children(&group)
                .iter()
                .filter(|path| path.is_dir())
                .for_each(|path| check(path));
        }
    }
    none(
        "a README.md of ten lines: what it owns, guarantees, never does",
        findings,
    );
}

#[test]
fn files_stay_short_enough_to_read() {
    // The commonest regret in projects like this one is the file of several thousand lines.
    const LINES_MAX: usize = 500;
    let findings = ["libs", "services", "tests", "proto/vorrang", "deploy"]
        .iter()
        .flat_map(|folder| sources(folder, &[".rs", ".lua", ".proto", ".py", ".sh"]))
        .filter_map(|source| {
            let lines = source.text.lines().count();
            (lines > LINES_MAX).then(|| format!("{}: {lines} lines", source.path))
        })
        .collect();
    none("split it: one file per RPC, entity, script", findings);
}

#[test]
fn every_service_has_a_binary_of_a_few_lines() {
    let mut findings = Vec::new();
    for service in ["ticketing", "ingestion", "routing", "knowledge", "analytics"] {
        let path = root().join("services").join(service).join("src/main.rs");
        match std::fs::read_to_string(&path) {
            Ok(main) if main.lines().count() <= 20 => {}
            Ok(_) => findings.push(format!("{}: what it does belongs to the library", from_root(&path))),
            Err(_) => findings.push(format!("{} is missing", from_root(&path))),
        }
    }
    none(
        "a service is a library with `bind` and a binary that calls it",
        findings,
    );
}
