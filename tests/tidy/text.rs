//! What no file may say.

use crate::sources::{none, sources};

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not find itself.
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let calls = ["todo", "unimplemented"].map(|name| format!("{name}!("));
    let ignored = format!("#[{}", "ignore");
    let mut findings = Vec::new();
    for folder in ["libs", "services", "tests", "deploy", "proto/vorrang"] {
        for source in sources(folder, &[".rs", ".lua", ".proto", ".py", ".sh", ".toml"]) {
            for (number, line) in source.text.lines().enumerate() {
                let marked = words
                    .iter()
                    .any(|&word| line.split(|c: char| !c.is_alphanumeric()).any(|found| found == word));
                if marked || calls.iter().any(|call| line.contains(call)) || line.contains(&ignored) {
                    findings.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
                }
            }
        }
    }
    none("do it, or file an issue", findings);
}

#[test]
fn no_path_or_address_of_a_machine() {
    // Put together here, so that this file does not find itself.
    let places = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
    let mut findings = Vec::new();
    for folder in ["libs", "services", "tests", "deploy", "proto/vorrang"] {
        for source in sources(
            folder,
            &[".rs", ".lua", ".proto", ".py", ".sh", ".toml", ".md", ".json"],
        ) {
            for (number, line) in source.text.lines().enumerate() {
                if places.iter().any(|place| line.contains(place)) {
                    findings.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
                }
            }
        }
    }
    none("paths come from the environment or the configuration", findings);
}

#[test]
fn tests_wait_for_conditions_not_for_time() {
    let mut findings = Vec::new();
    for folder in ["libs", "services", "tests"] {
        for source in sources(folder, &[".rs"]) {
            // The test kit is where waiting and delaying are made.
            if !source.is_test() || source.path.starts_with("libs/testkit/") {
                continue;
            }
            for (number, line) in source.code() {
                if line.contains("sleep(") && !line.contains('"') {
                    findings.push(format!("{}:{number}: {}", source.path, line.trim()));
                }
            }
        }
    }
    none("use wait_until or wait_for of the test kit, or a ManualClock", findings);
}

#[test]
fn libraries_do_not_print() {
    let mut findings = Vec::new();
    for source in sources("libs", &[".rs"])
        .into_iter()
        .chain(sources("services", &[".rs"]))
    {
        if source.is_test()
            || source.path.starts_with("services/vorrang/")
            || source.path.ends_with("/main.rs")
            || source.path.ends_with("/build.rs")
            || source.path.contains("/benches/")
        {
            continue;
        }
        for (number, line) in source.code() {
            if line.trim_start().starts_with("println!") || line.trim_start().starts_with("print!(") {
                findings.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    none("log with tracing; only the vorrang command talks to people", findings);
}

#[test]
fn every_script_says_its_keys_arguments_and_result() {
    let mut findings = Vec::new();
    for source in ["libs", "services"]
        .iter()
        .flat_map(|folder| sources(folder, &[".lua"]))
    {
        let header: String = source.text.lines().take_while(|line| line.starts_with("--")).collect();
        for part in ["KEYS", "ARGV", "Returns"] {
            if !header.contains(part) {
                findings.push(format!("{}: its header has no {part}", source.path));
            }
        }
    }
    none("a script's header is its contract", findings);
}
