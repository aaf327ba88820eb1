//! What every preset reads from what its vendor pushes, word by word.

use serde_json::{Value, json};
use vorrang_ingestion::presets::Mapped;
use vorrang_ingestion::trial::{self, Push};

use super::fixtures::{Fixture, folder};
use super::{now, presets};

fn shown(mapped: &Mapped) -> Value {
    let contacts: Vec<Value> = mapped
        .contacts
        .iter()
        .map(|part| json!({"position": part.position, "contact": brief(&part.contact)}))
        .collect();
    let names: Vec<Value> = mapped
        .thin
        .iter()
        .map(|thin| json!({"position": thin.position, "external_id": thin.external_id}))
        .collect();
    let problems: Vec<Value> = mapped
        .problems
        .iter()
        .map(|problem| json!({"reason": problem.reason, "detail": problem.detail}))
        .collect();
    json!({"contacts": contacts, "names": names, "skipped": mapped.skipped, "problems": problems})
}

/// Without what is empty.
fn brief(contact: &vorrang_ingestion::contact::Contact) -> Value {
    let mut value = serde_json::to_value(contact).expect("JSON");
    let fields = value.as_object_mut().expect("an object");
    fields.retain(|_, value| {
        !(value.is_null()
            || *value == Value::Bool(false)
            || value.as_str().is_some_and(str::is_empty)
            || value.as_array().is_some_and(Vec::is_empty))
    });
    value
}

#[test]
fn every_preset_reads_what_its_vendor_pushes() {
    let mut expected = Vec::new();
    for preset in presets().iter() {
        for fixture in Fixture::all(preset.id()) {
            let push = Push {
                content_type: &fixture.content_type,
                headers: &fixture.headers,
                path: "/",
                origins: &[],
                body: &fixture.body,
                now: now(),
            };
            let name = format!("{}-{}", preset.id(), fixture.name);
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path(folder().join("../snapshots"));
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.bind(|| insta::assert_json_snapshot!(name.clone(), shown(&trial::read(preset, &push))));
            expected.push(format!("{name}.snap"));
        }
    }
    expected.sort();
    let there = std::fs::read_dir(folder().join("../snapshots")).expect("the snapshots");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
    let mut there: Vec<String> = there.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
    there.sort();
    assert_eq!(there, expected, "a snapshot for each fixture, and no other");
}

/// Each vendor's fixtures show at least one thing that its preset is there for.
#[test]
fn every_preset_understands_its_vendor() {
    for preset in presets().iter() {
        let mut contacts = 0;
        for fixture in Fixture::all(preset.id()) {
            let push = Push {
                content_type: &fixture.content_type,
                headers: &fixture.headers,
                path: "/",
                origins: &[],
                body: &fixture.body,
                now: now(),
            };
            contacts += trial::read(preset, &push).contacts.len();
        }
        assert!(contacts > 0, "{}", preset.id());
    }
}
