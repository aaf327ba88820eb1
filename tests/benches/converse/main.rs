//! From an agent's commit to the customer's chat window, over open conversations, through the whole suite on PostgreSQL. One JSON line a figure.
//!
//! `cargo bench -p vorrang-tests --bench converse -- converse-latency [CONVERSATIONS]`. Without a name it says so and ends, which is what `cargo test`
//! sees. The commit is taken as the moment at which `CreateMessage` was answered: the window may hear it before, which counts as 0.

#[path = "../../e2e/stack.rs"]
#[allow(dead_code, reason = "the journeys use the rest")]
mod stack;
#[path = "../../e2e/window.rs"]
#[allow(dead_code, reason = "the journeys use the rest")]
mod window;

use std::time::Duration;

use futures::future::join_all;
use tokio::time::Instant;
use vorrang_client::Client;

use stack::Stack;
use window::{Window, answer};

/// Conversations that are open at once, unless it is said how many.
const CONVERSATIONS: usize = 200;
/// Conversations of one connection: it carries no more than 200 calls.
const WINDOWS: usize = 50;
/// Answers that are measured, one after the other: what is measured is the path, and not a crowd at the door.
const ANSWERS: usize = 500;
/// The goal, in milliseconds.
const GOAL_MS: f64 = 50.0;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|one| !one.starts_with('-')).collect();
    match arguments.first().map(String::as_str) {
        Some("converse-latency" | "all") => {
            let conversations = arguments
                .get(1)
                .and_then(|count| count.parse().ok())
                .unwrap_or(CONVERSATIONS);
            vorrang_testkit::run(latency(conversations));
        }
        _ => println!("name what to measure: converse-latency [CONVERSATIONS], all"),
    }
}

async fn latency(conversations: usize) {
    let stack = Stack::production().await;
    let client = stack.client("acme").await;
    let mut open = Vec::new();
    for from in (0..conversations).step_by(WINDOWS) {
        let windows = stack.client("acme").await;
        let to = (from + WINDOWS).min(conversations);
        open.extend(join_all((from..to).map(|number| conversation(&windows, number))).await);
    }
    let mut took = Vec::with_capacity(ANSWERS);
    for number in 0..ANSWERS {
        let at = number % open.len();
        let (window, ticket) = &mut open[at];
        let text = format!("answer {number}");
        let heard = async {
            let message = window.hear().await;
            (message.text, Instant::now())
        };
        let written = async {
            answer(&client, ticket, &text).await;
            Instant::now()
        };
        let ((heard, heard_at), committed_at) = tokio::join!(heard, written);
        assert_eq!(heard, text);
        took.push(heard_at.saturating_duration_since(committed_at));
    }
    took.sort_unstable();
    let line = serde_json::json!({
        "bench": "converse-latency", "what": "from the answer of CreateMessage to the customer's stream", "unit": "ms", "conversations": open.len(),
        "answers": ANSWERS, "p50": quantile(&took, 0.5), "p99": quantile(&took, 0.99), "max": quantile(&took, 1.0), "goal_p99": GOAL_MS,
    });
    println!("{line}");
    stack.stop().await;
}

/// A conversation in which the customer has written.
async fn conversation(client: &Client, number: usize) -> (Window, String) {
    let mut window = Window::open(client, &format!("chat-{number}"), "").await;
    let ticket = window.say("1", "Hello", &mut Vec::new()).await.ticket;
    (window, ticket)
}

/// In milliseconds, to a hundredth.
fn quantile(sorted: &[Duration], share: f64) -> f64 {
    let index = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len()) - 1;
    (sorted[index].as_secs_f64() * 100_000.0).round() / 100.0
}
