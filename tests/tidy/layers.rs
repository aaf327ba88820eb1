//! What may be named where inside a service.

use crate::sources::{Source, none, sources};

const SERVICES: [&str; 5] = ["ticketing", "ingestion", "routing", "knowledge", "analytics"];

fn service_sources() -> Vec<(String, Source)> {
    SERVICES
        .iter()
        .flat_map(|service| sources(&format!("services/{service}/src"), &[".rs"]))
        .filter(|source| !source.is_test())
        .map(|source| {
            let inside = source.path.splitn(4, '/').nth(3).unwrap_or_default().to_owned();
            (inside, source)
        })
        .collect()
}

/// Lines of `source` that name `what`.
fn naming<'a>(source: &'a Source, what: &'a str) -> impl Iterator<Item = String> + 'a {
    source
        .code()
        .filter(move |(_, line)| line.contains(what))
        .map(|(number, line)| format!("{}:{number}: {}", source.path, line.trim()))
}

#[test]
fn generated_types_stop_at_the_edge() {
    // `bind` names the generated servers. What follows feeds or calls peers is an edge too, towards other services.
    let edge = [
        "lib",
        "grpc",
        "rpc",
        "convert",
        "peers",
        "follow",
        "projection",
        "heads",
    ];
    let mut findings = Vec::new();
    for (inside, source) in service_sources() {
        let first = inside.split(['/', '.']).next().unwrap_or_default();
        let at_edge = edge.contains(&first);
        if !at_edge {
            findings.extend(naming(&source, "vorrang_api"));
        }
    }
    none(
        "generated types belong to grpc, rpc, convert; peers, follow, projection, heads towards other services",
        findings,
    );
}

#[test]
fn entities_never_leave_the_store() {
    let mut findings = Vec::new();
    for (inside, source) in service_sources() {
        if inside != "store.rs" && !inside.starts_with("store/") {
            findings.extend(naming(&source, "sea_orm"));
        }
    }
    none("sea-orm belongs to store.rs and store/", findings);
}

#[test]
fn only_the_chassis_makes_a_status() {
    let mut findings = Vec::new();
    for (_, source) in service_sources() {
        findings.extend(naming(&source, "Status::new("));
        findings.extend(naming(&source, "Status::internal("));
        findings.extend(naming(&source, "Status::invalid_argument("));
        findings.extend(naming(&source, "Status::not_found("));
    }
    none(
        "give back an Error; vorrang_service::status is the one place that maps it",
        findings,
    );
}

#[test]
fn only_the_clock_reads_the_clock() {
    let readers = ["Utc::now(", "Local::now(", "SystemTime::now("];
    let mut findings = Vec::new();
    for source in sources("libs", &[".rs"])
        .into_iter()
        .chain(sources("services", &[".rs"]))
    {
        if source.path.starts_with("libs/clock/") {
            continue;
        }
        for reader in readers {
            findings.extend(naming(&source, reader));
        }
    }
    none("take the time from the clock you were given: `clock.now()`", findings);
}

#[test]
fn no_query_goes_without_a_tenant() {
    let queries = [
        "Entity::find()",
        "Entity::update_many()",
        "Entity::delete_many()",
        "Entity::find_by_id(",
    ];
    let mut findings = Vec::new();
    for (inside, source) in service_sources() {
        if !inside.starts_with("store") {
            continue;
        }
        let text = &source.text;
        for query in queries {
            for (start, _) in text.match_indices(query) {
                // The function around it: from the comment over its `fn` to the next one. What spans tenants on purpose says so.
                let from = text[..start].rfind("fn ").unwrap_or(0);
                let from = text[..from].rfind("\n\n").unwrap_or(0);
                let to = text[start..].find("fn ").map_or(text.len(), |next| start + next);
                if !text[from..to].to_lowercase().contains("tenant") {
                    let line = text[..start].lines().count() + 1;
                    findings.push(format!("{}:{line}: {query}", source.path));
                }
            }
        }
    }
    none(
        "every query carries the tenant, or its function says that it is for any tenant",
        findings,
    );
}
