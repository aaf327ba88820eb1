//! Ingestion on its real chassis, with a stand-in for ticketing beside it, called over the wire.

use std::net::SocketAddr;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Status;
use vorrang_api::ingestion::v1::ingestion_service_client::IngestionServiceClient;
use vorrang_api::ingestion::v1::quarantine_service_client::QuarantineServiceClient;
use vorrang_api::ingestion::v1::source_service_client::SourceServiceClient;
use vorrang_api::ingestion::v1::{
    Contact, CreateSourceRequest, GetReceiptRequest, ListQuarantineItemsRequest, PushEmailRequest, PushResult,
    PushTicketRequest, QuarantineItem, Receipt, RetryQuarantineItemRequest, Source, quarantine_item::State, receipt,
};
use vorrang_api::ticketing::v1::{Identity, identity};
use vorrang_clock::SharedClock;
use vorrang_service::{Bind, Config, PeerChannel, Running, Suite};
use vorrang_testkit::{DEADLINE, DataFolder, data_folder, wait_for};

use crate::ticketing::FakeTicketing;

pub const TENANT: &str = "acme";
/// Signs what the service gives out.
pub const LINK_KEY: &str = "a link key of an installation, long enough";

pub struct Stack {
    pub running: Running,
    pub ticketing: FakeTicketing,
    pub folder: DataFolder,
}

impl Stack {
    pub async fn start() -> Self {
        Self::on(data_folder(), FakeTicketing::new()).await
    }

    pub async fn on(folder: DataFolder, ticketing: FakeTicketing) -> Self {
        Self::at(folder, ticketing, vorrang_clock::system()).await
    }

    pub async fn at(folder: DataFolder, ticketing: FakeTicketing, clock: SharedClock) -> Self {
        let services = vec![Bind::new("ingestion", vorrang_ingestion::bind), ticketing.bind()];
        let mut config = Config::local(folder.path());
        config.secrets.link_key = LINK_KEY.to_owned();
        let running = Suite::start(config, clock, services).await.expect("starts");
        Self {
            running,
            ticketing,
            folder,
        }
    }

    /// Ends as kill -9 does: nothing in work is finished.
    pub async fn restart(self) -> Self {
        let Self {
            running,
            ticketing,
            folder,
        } = self;
        drop(running);
        Self::on(folder, ticketing).await
    }

    pub fn pushes(&self, tenant: &str) -> IngestionServiceClient<PeerChannel> {
        IngestionServiceClient::new(self.running.peers().ingestion(Some(tenant)))
    }

    pub fn sources(&self, tenant: &str) -> SourceServiceClient<PeerChannel> {
        SourceServiceClient::new(self.running.peers().ingestion(Some(tenant)))
    }

    pub fn quarantine(&self, tenant: &str) -> QuarantineServiceClient<PeerChannel> {
        QuarantineServiceClient::new(self.running.peers().ingestion(Some(tenant)))
    }

    pub async fn push(&self, request_id: &str, contact: Contact) -> Result<PushResult, Status> {
        let request = PushTicketRequest {
            request_id: request_id.to_owned(),
            contact: Some(contact),
        };
        let response = self.pushes(TENANT).push_ticket(request).await?;
        Ok(response.into_inner().result.expect("a result"))
    }

    pub async fn mail(&self, raw: &str) -> PushResult {
        let request = PushEmailRequest {
            raw: raw.to_owned().into(),
            ..PushEmailRequest::default()
        };
        let response = self.pushes(TENANT).push_email(request).await.expect("answered");
        response.into_inner().result.expect("a result")
    }

    pub async fn receipt(&self, name: &str) -> Receipt {
        let request = GetReceiptRequest { name: name.to_owned() };
        self.pushes(TENANT)
            .get_receipt(request)
            .await
            .expect("is there")
            .into_inner()
    }

    /// The receipt once it is delivered.
    pub async fn delivered(&self, name: &str) -> PushResult {
        wait_for(DEADLINE, "the inbox to be empty", || async {
            let receipt = self.receipt(name).await;
            (receipt.state() == receipt::State::Delivered).then(|| receipt.result.expect("a result"))
        })
        .await
    }

    pub async fn source(&self, preset: &str) -> Source {
        self.source_with(preset, "s3cret-key").await
    }

    pub async fn source_with(&self, preset: &str, secret: &str) -> Source {
        let source = Source {
            preset: preset.to_owned(),
            secret: secret.to_owned(),
            ..Source::default()
        };
        let request = CreateSourceRequest {
            source: Some(source),
            ..CreateSourceRequest::default()
        };
        self.sources(TENANT)
            .create_source(request)
            .await
            .expect("made")
            .into_inner()
    }

    pub async fn quarantined(&self, state: State) -> Vec<QuarantineItem> {
        let request = ListQuarantineItemsRequest {
            state: state.into(),
            ..ListQuarantineItemsRequest::default()
        };
        let response = self
            .quarantine(TENANT)
            .list_quarantine_items(request)
            .await
            .expect("lists");
        response.into_inner().quarantine_items
    }

    pub async fn retry(&self, name: &str) -> PushResult {
        let request = RetryQuarantineItemRequest { name: name.to_owned() };
        let response = self
            .quarantine(TENANT)
            .retry_quarantine_item(request)
            .await
            .expect("answered");
        response.into_inner().result.expect("a result")
    }

    /// Posts what is signed by the preset's header, and gives status and body.
    pub async fn post(&self, source: &Source, headers: &[(&str, &str)], body: &str) -> (u16, serde_json::Value) {
        let (status, text) = http(self.running.addr(), "POST", &source.events_path, headers, body).await;
        (
            status,
            serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text)),
        )
    }
}

/// A contact of one person.
pub fn contact(text: &str) -> Contact {
    Contact {
        identities: vec![Identity {
            kind: identity::Kind::Email.into(),
            value: "mara@x.example".to_owned(),
            verified: true,
        }],
        text: text.to_owned(),
        ..Contact::default()
    }
}

pub fn in_conversation(text: &str, conversation: &str) -> Contact {
    Contact {
        conversation_id: conversation.to_owned(),
        ..contact(text)
    }
}

/// `sha256=<hex of HMAC-SHA256>` with the secret of [`Stack::source`].
pub fn sha256(signed: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"s3cret-key").expect("any length");
    mac.update(signed.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// One HTTP/1.1 request on a connection of its own.
pub async fn http(addr: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
    let (status, _, text) = exchange(addr, method, path, headers, body.as_bytes()).await;
    (status, text)
}

/// As [`http`], and gives the head of the answer too.
pub async fn exchange(
    addr: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> (u16, String, String) {
    let mut stream = TcpStream::connect(addr).await.expect("connects");
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).await.expect("sends");
    stream.write_all(body).await.expect("sends");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .expect("a status");
    (status, head.to_owned(), body.to_owned())
}
