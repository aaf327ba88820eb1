//! What reading a mail costs in memory, counted at the allocator: however a mail is made, less than 128 MiB.
#![allow(unsafe_code, reason = "an allocator is")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use vorrang_ingestion::mail;

/// Most that reading a mail may hold at once, without the mail itself.
const MOST: usize = 128 << 20;

struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is done by the system's allocator; only sizes are counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(held, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn mail(head: &str, body: &str, times: usize) -> Vec<u8> {
    format!(
        "From: a@x.example\r\nSubject: X5\r\n{head}\r\n\r\n{}",
        body.repeat(times)
    )
    .into_bytes()
}

/// One test: nothing else may allocate meanwhile.
#[test]
fn no_mail_costs_more_memory_than_its_bound() {
    let multipart = "Content-Type: multipart/mixed; boundary=b";
    let attached = "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64";
    let line = format!("{}\r\n", "QUJD".repeat(19));
    let words = format!("{}\r\n", "Wort ".repeat(15));
    let full = (25 << 20) - 1_024;
    let cases = [
        (
            "depth 1,000",
            mail(
                multipart,
                "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n",
                1_000,
            ),
        ),
        (
            "mails in mails",
            mail(
                "Content-Type: message/rfc822",
                "Content-Type: message/rfc822\r\n\r\n",
                1_000,
            ),
        ),
        (
            "100,000 parts",
            mail(multipart, "--b\r\nContent-Type: image/png\r\n\r\nx\r\n", 100_000),
        ),
        (
            "a header of 1 MB",
            mail(&format!("X-Long: {}", "x".repeat(1 << 20)), "x", 1),
        ),
        ("100,000 headers", mail(&"X: y\r\n".repeat(100_000), "x", 1)),
        ("two From", mail("From: b@x.example", "x", 1)),
        ("the largest file", mail(attached, &line, full / line.len())),
        ("the largest text", mail("X: y", &words, full / words.len())),
        (
            "a signature of brackets",
            mail("Content-Type: text/html", "<div>", 1 << 20),
        ),
    ];
    for (what, raw) in cases {
        let before = HELD.load(Ordering::Relaxed);
        PEAK.store(before, Ordering::Relaxed);
        let read = mail::read(&raw).expect("a mail");
        let cost = PEAK.load(Ordering::Relaxed) - before;
        assert!(cost < MOST, "{what}: {} MiB", cost >> 20);
        assert_eq!(read.subject, "X5", "{what}");
        assert_eq!(read.from.address, "a@x.example", "{what}");
        drop(read);
        assert!(
            HELD.load(Ordering::Relaxed) <= before + (1 << 20),
            "{what}: it is all given back"
        );
    }
}
