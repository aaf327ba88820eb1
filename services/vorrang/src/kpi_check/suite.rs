//! A suite that lives as long as the check: all five services, on a free port, with data that goes with it.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use vorrang_api::ingestion::v1::import::State;
use vorrang_api::ingestion::v1::import_history_request::Request as Part;
use vorrang_api::ingestion::v1::{
    GetImportRequest, Import, ImportHistoryRequest, ImportStart, ListImportErrorsRequest,
};
use vorrang_api::ticketing::v1::{Identity, LookupCustomerRequest, identity};
use vorrang_client::Client;
use vorrang_error::Error;
use vorrang_identity::{NewKey, Scope, Scopes};
use vorrang_service::{Config, Running};

use super::case::Case;
use super::compare::{self, Difference};
use super::question::{self, Customers};

/// Where ids of a history come from when its import names no source.
const SOURCE: &str = "history";
/// Bytes of a message of the upload.
const CHUNK: usize = 256 << 10;
/// How often it is asked how far an import is.
const PERIOD: Duration = Duration::from_millis(50);
/// A query waits at most so long for what was imported.
const PATIENCE: Duration = Duration::from_secs(60);

/// The suite.
pub struct TestSuite {
    running: Running,
    folder: PathBuf,
}

/// A case in it.
pub struct TestTenant {
    client: Client,
    customers: Customers,
}

impl TestSuite {
    /// Fails as a start of the suite does.
    pub async fn start() -> Result<Self, Error> {
        let folder = std::env::temp_dir().join(format!("vorrang-kpi-check-{}", std::process::id()));
        let mut config = Config::local(&folder);
        // Its output is read by programs and people: only what went wrong is logged beside it.
        config.log = std::env::var("VORRANG_LOG").unwrap_or_else(|_| "error".to_owned());
        let running = crate::up::start(config).await?;
        Ok(Self { running, folder })
    }

    /// A new tenant with the history of `case`.
    pub async fn tenant(&self, name: &str, case: &Case) -> Result<TestTenant, Error> {
        let new = NewKey {
            tenant: name.to_owned(),
            label: "kpi-check".to_owned(),
            scopes: Scopes::of(&[Scope::Admin]),
            expires_at: None,
        };
        let (_, key) = self.running.context().keys.create(new).await?;
        let url = format!("http://{}", self.running.addr());
        let client = Client::connect(&url, &key)
            .await
            .map_err(|why| Error::unavailable("NOT_REACHED", format!("cannot reach {url}")).caused_by(why))?;
        let import = import(&client, case).await?;
        if import.bad_count > 0 {
            told(&client, &import, case).await?;
        }
        let customers = customers(&client, case).await?;
        Ok(TestTenant { client, customers })
    }

    /// Stops everything and removes the data.
    pub async fn stop(self) {
        self.running.shutdown().await;
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl TestTenant {
    /// How the answer to an entry differs from what it states.
    ///
    /// Fails only when the suite is not there: a refusal is an answer.
    pub async fn differences(&self, case: &Case, entry: &Value) -> Result<Vec<Difference>, Error> {
        let expected = entry.get("expect").unwrap_or(&Value::Null);
        let (request, naming) = match question::ask(entry, case.last, &self.customers) {
            Ok(asked) => asked,
            Err(why) => {
                let what = "the query".to_owned();
                let expected = "one of the format".to_owned();
                return Ok(vec![Difference {
                    what,
                    expected,
                    got: why,
                }]);
            }
        };
        let call = async || {
            let mut request = tonic::Request::new(request.clone());
            request.set_timeout(PATIENCE);
            self.client.kpis().query_kpis(request).await
        };
        match self.client.retry(call).await {
            Ok(answer) => {
                let rows = answer.into_inner().rows;
                Ok(compare::rows(&rows, expected, &naming, &self.customers))
            }
            Err(status) if status.code() == tonic::Code::Unavailable => Err(refused(status)),
            Err(status) => Ok(compare::refusal(&status, expected)),
        }
    }
}

/// Uploads the history, and waits until it is applied.
async fn import(client: &Client, case: &Case) -> Result<Import, Error> {
    let part = |part| ImportHistoryRequest { request: Some(part) };
    let chunks = case.history.as_bytes().chunks(CHUNK);
    let parts: Vec<ImportHistoryRequest> = std::iter::once(part(Part::Start(ImportStart::default())))
        .chain(chunks.map(|chunk| part(Part::Chunk(chunk.to_vec().into()))))
        .collect();
    let begun = client.imports().import_history(tokio_stream::iter(parts)).await;
    let mut import = begun.map_err(refused)?.into_inner();
    let mut period = tokio::time::interval(PERIOD);
    while import.state() == State::Running {
        period.tick().await;
        let request = GetImportRequest {
            name: import.name.clone(),
        };
        let call = async || client.imports().get_import(request.clone()).await;
        import = client.retry(call).await.map_err(refused)?.into_inner();
    }
    Ok(import)
}

/// Bad lines, on standard error: the rest went in, and its figures are asked for.
async fn told(client: &Client, import: &Import, case: &Case) -> Result<(), Error> {
    let request = ListImportErrorsRequest {
        parent: import.name.clone(),
        page_size: 500,
        ..ListImportErrorsRequest::default()
    };
    let call = async || client.imports().list_import_errors(request.clone()).await;
    for error in client.retry(call).await.map_err(refused)?.into_inner().errors {
        eprintln!(
            "{} line {}: {}: {} {}",
            case.name, error.line, error.reason, error.field, error.text
        );
    }
    Ok(())
}

/// What the customers of the history are called here.
async fn customers(client: &Client, case: &Case) -> Result<Customers, Error> {
    let mut found = Customers::new();
    // Only where an expectation names one: each is a call.
    let named = case.expectations.iter().any(|entry| {
        let text = entry.to_string();
        text.contains("\"customer\"")
    });
    for id in case.customers.iter().filter(|_| named) {
        let request = LookupCustomerRequest {
            identity: Some(Identity {
                kind: identity::Kind::External.into(),
                value: format!("{SOURCE}:{id}"),
                verified: true,
            }),
        };
        let call = async || client.customers().lookup_customer(request.clone()).await;
        match client.retry(call).await {
            Ok(customer) => {
                found.insert(id.clone(), customer.into_inner().name);
            }
            // Named by bad lines only.
            Err(status) if status.code() == tonic::Code::NotFound => {}
            Err(status) => return Err(refused(status)),
        }
    }
    Ok(found)
}

fn refused(status: tonic::Status) -> Error {
    vorrang_service::peer_error("the suite", status)
}
