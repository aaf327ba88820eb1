//! A receiver that is not there; in a process of its own, since exporting is switched on for the whole process.

use std::time::Duration;

use vorrang_telemetry::{flush, init};

#[test]
fn a_receiver_that_is_down_holds_nobody_up() {
    init("test", "error", "http://127.0.0.1:1").expect("nobody listening is no error");
    for _ in 0..10_000 {
        tracing::info_span!(target: "vorrang_test", "unheard").in_scope(|| ());
    }
    let flushed = std::thread::spawn(flush);
    let (send, done) = std::sync::mpsc::channel();
    std::thread::spawn(move || send.send(flushed.join().is_ok()));
    assert_eq!(done.recv_timeout(Duration::from_secs(30)), Ok(true));
}
