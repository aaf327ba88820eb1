//! Facts that an earlier process kept on the disk.

use std::fs;
use std::path::PathBuf;

use super::*;

/// Every file of the one tenant there is.
fn files(folder: &DataFolder) -> Vec<PathBuf> {
    let tenants = fs::read_dir(folder.path().join("analytics")).expect("a folder");
    let tenant = tenants
        .map(|entry| entry.expect("an entry").path())
        .next()
        .expect("a tenant");
    let mut files: Vec<PathBuf> = fs::read_dir(tenant)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
}

async fn two_tickets(owners: &Owners) {
    let tickets = vec![
        created("a", DAY + 60, Channel::Email),
        created("b", DAY + 61, Channel::Chat),
    ];
    owners.ticketing("acme", tickets).await;
}

/// Starts, waits for everything, stops in good order; gives the folder.
async fn once(owners: &Owners) -> DataFolder {
    let stack = Stack::start(Some(owners)).await;
    let response = stack.latest("acme", ask(&["tickets_created"])).await;
    assert_eq!(response.rows[0].value, Some(2.0));
    let Stack { running, folder } = stack;
    running.shutdown().await;
    folder
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_goes_on_where_the_last_one_stopped() {
    let owners = Owners::new().await;
    two_tickets(&owners).await;
    let folder = once(&owners).await;
    // Reading from the beginning would not find them any more.
    owners.forget_what_ticketing_told().await;
    owners
        .ticketing(
            "acme",
            vec![created("c", DAY + 62, Channel::Email), solved("a", DAY + 660)],
        )
        .await;
    let stack = Stack::start_in(folder, Some(&owners)).await;
    let figures = ask(&["tickets_created", "tickets_solved", "full_resolution_time"]);
    let response = stack.latest("acme", figures).await;
    assert_eq!(
        values(&response.rows),
        [
            ("tickets_created", Some(3.0)),
            ("tickets_solved", Some(1.0)),
            ("full_resolution_time", Some(600.0)),
        ]
    );
    assert_eq!(response.feeds[0].seq, 4);
    stack.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_damaged_is_read_from_the_feeds_again() {
    let owners = Owners::new().await;
    two_tickets(&owners).await;
    let mut folder = once(&owners).await;
    for place in 0..files(&folder).len() {
        let file = files(&folder).remove(place);
        let mut bytes = fs::read(&file).expect("reads");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
        fs::write(&file, bytes).expect("writes");
        let stack = Stack::start_in(folder, Some(&owners)).await;
        let response = stack.latest("acme", ask(&["tickets_created"])).await;
        assert_eq!(response.rows[0].value, Some(2.0), "{} was damaged", file.display());
        stack.running.shutdown().await;
        folder = stack.folder;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_of_a_log_that_was_replaced_meanwhile_are_given_up() {
    let owners = Owners::new().await;
    two_tickets(&owners).await;
    let folder = once(&owners).await;
    owners.restore_empty_ticketing().await;
    owners
        .ticketing("acme", vec![created("c", DAY + 62, Channel::Chat)])
        .await;
    let stack = Stack::start_in(folder, Some(&owners)).await;
    let response = stack.latest("acme", ask(&["tickets_created"])).await;
    assert_eq!(response.rows[0].value, Some(1.0));
    assert_eq!(response.feeds[0].seq, 1);
    stack.running.shutdown().await;
}
