//! A folder of one's own presets: read at start, and wrong ones refused with file, line and reason.

use vorrang_error::{Error, Kind};
use vorrang_testkit::{DataFolder, data_folder};

use crate::presets::{Folder, Presets};

const OWN: &str = "id = \"own\"\ndescription = \"Ours\"\n\n[signature]\nheader = \"X-Key\"\nalgorithm = \"secret\"\n\n[contact]\ntext = \"/text\"\n\n[[identity]]\nkind = \"email\"\nvalue = \"/who\"\n";

fn folder(files: &[(&str, &str)]) -> DataFolder {
    let folder = data_folder();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    folder
}

fn load(folder: &DataFolder) -> Result<Presets, Error> {
    Presets::load(Some(Folder {
        path: folder.path(),
        named: true,
    }))
}

#[test]
fn ones_own_presets_are_added_and_replace_built_in_ones() {
    let replaced = OWN.replace("id = \"own\"", "id = \"chatwoot\"");
    let folder = folder(&[("a.toml", OWN), ("b.toml", &replaced), ("notes.txt", "not a preset")]);
    let presets = load(&folder).expect("right");
    assert_eq!(presets.get("own").expect("added").description(), "Ours");
    assert_eq!(presets.get("chatwoot").expect("replaced").description(), "Ours");
    assert!(presets.get("zammad").is_ok());
}

#[test]
fn a_wrong_preset_stops_the_start_with_file_line_and_reason() {
    let cases = [
        ("header = \"X-Key\"", "header = \"X Key\"", "line 5", "cannot be one"),
        ("[contact]", "[contakt]", "line 8", "contakt"),
        ("text = \"/text\"", "text = \"text\"", "line 9", "is no pointer"),
        (
            "text = \"/text\"",
            "text = { from = \"/text\", mapp = {} }",
            "line 9",
            "mapp",
        ),
        ("kind = \"email\"", "kind = \"mail\"", "line 12", "mail"),
        ("algorithm = \"secret\"", "algorithm = \"md5\"", "line 6", "md5"),
        ("algorithm = \"secret\"", "signed = \"x\"", "line 6", "must hold {body}"),
        (
            "text = \"/text\"",
            "subject = \"/text\"",
            "line 8",
            "`contact.text` or `contact.html`",
        ),
        (
            "[contact]",
            "[[thin]]\nwhen = []\nexternal_id = \"/id\"\n[contact]",
            "line 8",
            "`thin` without conditions",
        ),
        (
            "[contact]",
            "[[signature.also]]\nheader = \"X-Other\"\n[contact]",
            "line 8",
            "`secret_prefix` of its own",
        ),
        (
            "text = \"/text\"",
            "text = \"/text\"\nmail_header = { \"No Name\" = \"/x\" }",
            "line 10",
            "No Name",
        ),
    ];
    for (from, to, line, reason) in cases {
        let text = OWN.replace(from, to);
        assert_ne!(text, OWN, "{from}");
        let folder = folder(&[("team.toml", &text)]);
        let error = load(&folder).expect_err(reason);
        let file = folder.path().join("team.toml").display().to_string();
        assert_eq!(
            (error.kind(), error.reason()),
            (Kind::Precondition, "PRESET_INVALID"),
            "{reason}"
        );
        for part in [file.as_str(), line, reason] {
            assert!(error.message().contains(part), "{part} is not in: {}", error.message());
        }
    }
}

#[test]
fn two_files_with_one_id_are_refused() {
    let folder = folder(&[("a.toml", OWN), ("b.toml", OWN)]);
    let error = load(&folder).expect_err("twice");
    assert_eq!(error.reason(), "PRESET_TWICE");
    assert!(
        error.message().contains("a.toml") && error.message().contains("b.toml"),
        "{}",
        error.message()
    );
}

#[test]
fn a_folder_that_was_named_must_be_there() {
    let folder = data_folder();
    let path = folder.path().join("nowhere");
    let error = Presets::load(Some(Folder {
        path: &path,
        named: true,
    }))
    .expect_err("not there");
    assert_eq!(error.reason(), "PRESETS_UNREADABLE");
    Presets::load(Some(Folder {
        path: &path,
        named: false,
    }))
    .expect("nobody named it");
}
