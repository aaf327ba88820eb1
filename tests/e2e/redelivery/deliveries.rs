//! What the vendors deliver: WhatsApp with several messages a payload, a CRM's own JSON, mails by a gateway.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use vorrang_api::ingestion::v1::ingestion_service_client::IngestionServiceClient;
use vorrang_api::ingestion::v1::source_service_client::SourceServiceClient;
use vorrang_api::ingestion::v1::{CreateSourceRequest, PushEmailRequest, Source};
use vorrang_service::PeerChannel;

use super::process::Installation;

const SECRET: &str = "s3cret-key";
const CUSTOMERS: usize = 40;
const EACH: usize = 5;
/// After this a vendor hangs up and delivers again.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a vendor delivers at once.
#[derive(Debug, Clone)]
pub struct Delivery {
    way: Way,
    body: String,
    pub messages: Vec<Message>,
}

/// A message of it.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its words, which no other message has.
    pub text: String,
    /// What belongs on one ticket, where the vendor says so.
    pub conversation: Option<String>,
}

#[derive(Debug, Clone, Copy)]
enum Way {
    WhatsApp,
    Json,
    Mail,
}

/// Everything, once.
pub fn all() -> Vec<Delivery> {
    let mut all = Vec::new();
    for customer in 0..CUSTOMERS {
        for first in (0..EACH).step_by(2) {
            all.push(whatsapp(customer, first..EACH.min(first + 2)));
        }
        for number in 0..EACH {
            all.push(json(customer, number));
            all.push(mail(customer, number));
        }
    }
    all
}

/// Everything `copies` times, in an order that has nothing to do with the one in which it was said.
pub fn shuffled(all: &[Delivery], copies: usize) -> Vec<Delivery> {
    let mut many: Vec<Delivery> = (0..copies).flat_map(|_| all.to_vec()).collect();
    // Fisher and Yates over Knuth's generator: the same order in every run.
    let mut state: u64 = 29;
    for index in (1..many.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let other = (state >> 33) % (index as u64 + 1);
        many.swap(index, usize::try_from(other).expect("small"));
    }
    many
}

fn whatsapp(customer: usize, numbers: std::ops::Range<usize>) -> Delivery {
    let phone = format!("49151998{customer:05}");
    let mut messages = Vec::new();
    let mut items = Vec::new();
    for number in numbers {
        let text = format!("WhatsApp {customer} says {number}");
        items.push(serde_json::json!({
            "from": phone, "id": format!("wamid.{customer}.{number}"), "timestamp": (1_772_442_931 + number).to_string(),
            "type": "text", "text": {"body": text},
        }));
        messages.push(Message {
            text,
            conversation: Some(format!("whatsapp {customer}")),
        });
    }
    let body = serde_json::json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "300400", "changes": [{"field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "4930123456", "phone_number_id": "100200"},
            "contacts": [{"profile": {"name": "Jonas Weber"}, "wa_id": phone}],
            "messages": items,
        }}]}],
    });
    Delivery {
        way: Way::WhatsApp,
        body: body.to_string(),
        messages,
    }
}

fn json(customer: usize, number: usize) -> Delivery {
    let text = format!("CRM {customer} says {number}");
    let body = serde_json::json!({
        "external_id": format!("{customer}-{number}"), "conversation_id": format!("case-{customer}"), "channel": "web",
        "subject": format!("Case {customer}"), "text": text, "customer_id": customer.to_string(),
    });
    Delivery {
        way: Way::Json,
        body: body.to_string(),
        messages: vec![Message {
            text,
            conversation: Some(format!("case {customer}")),
        }],
    }
}

fn mail(customer: usize, number: usize) -> Delivery {
    let text = format!("Mail {customer} says {number}");
    let references = match number {
        0 => String::new(),
        _ => format!("In-Reply-To: <{customer}.0@customer.example>\r\nReferences: <{customer}.0@customer.example>\r\n"),
    };
    let body = format!(
        "From: Customer <customer-{customer}@customer.example>\r\nTo: support@firma.example\r\nSubject: Order {customer}\r\n\
         Date: Mon, 2 Mar 2026 09:{number:02}:00 +0000\r\nMessage-ID: <{customer}.{number}@customer.example>\r\n{references}\r\n{text}\r\n"
    );
    Delivery {
        way: Way::Mail,
        body,
        // A mail that comes before the one it answers begins a ticket: nobody knows that there is another one.
        messages: vec![Message {
            text,
            conversation: None,
        }],
    }
}

/// The senders, with what an administrator made for them.
pub struct Vendors {
    host: String,
    whatsapp: String,
    json: String,
    mails: IngestionServiceClient<PeerChannel>,
    pushed: AtomicUsize,
}

impl Vendors {
    pub async fn meet(installation: &Installation) -> Self {
        let channel = installation.ingestion.channel();
        Self {
            host: format!("127.0.0.1:{}", installation.ingestion.port),
            whatsapp: source(channel.clone(), "whatsapp-cloud").await,
            json: source(channel.clone(), "json").await,
            mails: IngestionServiceClient::new(channel),
            pushed: AtomicUsize::new(0),
        }
    }

    /// Whether it was taken.
    pub async fn push(&self, delivery: &Delivery) -> bool {
        let push = async {
            match delivery.way {
                Way::WhatsApp => self.post(&self.whatsapp, "X-Hub-Signature-256", &delivery.body).await,
                Way::Json => self.post(&self.json, "X-Vorrang-Signature", &delivery.body).await,
                Way::Mail => self.mail(&delivery.body).await,
            }
        };
        tokio::time::timeout(PATIENCE, push).await.unwrap_or(false)
    }

    /// A gateway that remembers nothing: each delivery has another request id.
    async fn mail(&self, raw: &str) -> bool {
        let request = PushEmailRequest {
            request_id: format!("delivery-{}", self.pushed.fetch_add(1, Ordering::SeqCst)),
            raw: raw.to_owned().into(),
            ..PushEmailRequest::default()
        };
        self.mails.clone().push_email(request).await.is_ok()
    }

    async fn post(&self, path: &str, header: &str, body: &str) -> bool {
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length");
        mac.update(body.as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n{header}: sha256={signature}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        match self.exchange(&request).await {
            Ok(answer) => {
                let status = answer.split(' ').nth(1).unwrap_or_default();
                assert!(
                    ["", "200", "503", "500"].contains(&status),
                    "a vendor would not deliver again after: {answer}"
                );
                status == "200"
            }
            Err(_) => false,
        }
    }

    async fn exchange(&self, request: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(&self.host).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}

/// Makes a source; gives where its events go.
async fn source(channel: PeerChannel, preset: &str) -> String {
    let request = CreateSourceRequest {
        source: Some(Source {
            preset: preset.to_owned(),
            secret: SECRET.to_owned(),
            ..Source::default()
        }),
        ..CreateSourceRequest::default()
    };
    let made = SourceServiceClient::new(channel).create_source(request).await;
    made.expect("made").into_inner().events_path
}
