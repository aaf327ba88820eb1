//! Commands to go on with, ready to paste.

use std::net::SocketAddr;

use super::desk::Desk;
use crate::table::Paint;

/// What to try next against the suite that is up.
pub fn commands(desk: &Desk, admin: Option<SocketAddr>, paint: Paint) -> String {
    let (address, key) = (desk.address, &desk.key);
    let call = |service: &str, body: &str| {
        format!("grpcurl -plaintext -H \"authorization: Bearer $VORRANG_KEY\" -d '{body}' $VORRANG_ADDRESS {service}")
    };
    let mut lines = vec![
        ("", format!("export VORRANG_ADDRESS={address} VORRANG_KEY={key}")),
        ("what the server can do", "grpcurl -plaintext $VORRANG_ADDRESS list".to_owned()),
        (
            "push a chat of a VIP",
            call(
                "vorrang.ingestion.v1.IngestionService/PushTicket",
                r#"{"contact": {"channel": "CHANNEL_CHAT", "tier": "vip", "subject": "Hello", "text": "Is anybody there?", "identities": [{"kind": "KIND_EMAIL", "value": "mara@example.org"}]}}"#,
            ),
        ),
        ("see it first in the queue", call("vorrang.routing.v1.QueueService/PeekQueue", "{}")),
        (
            "follow everything that happens",
            call("vorrang.ticketing.v1.FeedService/Follow", r#"{"start": "START_POINT_BEGINNING"}"#),
        ),
        ("every figure with its definition", call("vorrang.analytics.v1.KpiService/ListKpis", "{}")),
        (
            "the same in Python, with nothing generated",
            "python3 -m venv .venv && .venv/bin/pip install -q grpcio grpcio-reflection protobuf && .venv/bin/python tests/python/tour.py $VORRANG_ADDRESS"
                .to_owned(),
        ),
    ];
    if let Some(admin) = admin {
        lines.push(("how the process is doing", format!("curl -s http://{admin}/metrics")));
    }
    let mut text = format!("\n{}\n", paint.bold("Go on with"));
    for (what, line) in lines {
        if !what.is_empty() {
            text.push_str(&format!("  {}\n", paint.dim(&format!("# {what}"))));
        }
        text.push_str(&format!("  {line}\n"));
    }
    text
}
