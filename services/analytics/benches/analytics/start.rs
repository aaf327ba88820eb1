//! How soon a start has the facts again that were kept, and what they take on the disk.

use std::time::Instant;

use vorrang_analytics::projection::{Projection, Reached, TenantFacts};
use vorrang_analytics::store::Store;
use vorrang_testkit::data_folder;

use crate::history::{Desk, END};
use crate::{figure, resident_mb};

/// Measures `tickets`.
pub fn run(tickets: u64) {
    let folder = data_folder();
    {
        let mut desk = Desk::new(3, tickets);
        (0..tickets).for_each(|_| desk.ticket(END));
        let projection = Projection::new();
        projection.restore("acme".to_owned(), TenantFacts::restored(desk.facts, Reached::default()));
        let begun = Instant::now();
        Store::new(folder.path().to_owned()).save(&projection).expect("saves");
        figure(
            "start-written",
            begun.elapsed().as_secs_f64(),
            "s",
            &format!("{tickets} tickets"),
        );
    }
    let bytes = size(folder.path());
    figure(
        "start-bytes",
        bytes as f64 / tickets as f64,
        "bytes/ticket",
        "on the disk",
    );
    let projection = Projection::new();
    let begun = Instant::now();
    Store::new(folder.path().to_owned()).load(&projection).expect("loads");
    figure(
        "start-read",
        begun.elapsed().as_secs_f64(),
        "s",
        &format!("{tickets} tickets"),
    );
    figure(
        "start-memory",
        resident_mb(),
        "MB",
        "with the facts, before anything is derived",
    );
}

fn size(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let each = entries.map(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            size(&path)
        } else {
            path.metadata().expect("a file").len()
        }
    });
    each.sum()
}
