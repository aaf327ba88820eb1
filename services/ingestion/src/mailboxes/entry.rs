//! One `[[mailbox]]`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};
use lettre::Address;
use lettre::message::Mailbox as MailAddress;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use rustls_platform_verifier::Verifier;
use serde::Deserialize;
use url::Url;
use vorrang_error::Violations;

use super::{ImapServer, Incoming, Login, Mailbox, Protection, Sender, Since, Transport};
use crate::contact::check_queue;
use crate::oauth::{OAuth, Setting};

/// A server that says nothing for so long is not there.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How often a folder is looked at, unless the file says otherwise.
const EVERY: u64 = 30;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// Whose.
    pub(super) tenant: String,
    /// Address that customers write to.
    address: String,
    /// Name beside it.
    #[serde(default)]
    display_name: String,
    /// `smtps://host`, `smtp://host?tls=required`, or `smtp://host` for a relay on a network that is trusted. Without it
    /// nothing is sent from here.
    smtp: Option<String>,
    /// `imaps://host`, `imap://host?tls=required`, or `imap://host?tls=none` on a network that is trusted. Without it the
    /// mailbox is not read.
    imap: Option<String>,
    /// Empty: the SMTP server asks for nobody.
    #[serde(default)]
    user: String,
    /// File that holds the password and nothing else.
    password_file: Option<PathBuf>,
    /// Who reads, when it is not `user`.
    imap_user: Option<String>,
    /// File with that one's password.
    imap_password_file: Option<PathBuf>,
    /// Tokens in place of passwords, for reading and for sending.
    oauth: Option<OAuthEntry>,
    /// PEM file with the certificates of an authority of one's own, which is trusted beside those of the system.
    ca_file: Option<PathBuf>,
    /// Folder that is read.
    #[serde(default = "inbox")]
    folder: String,
    /// `new`, `all`, or a date.
    #[serde(default = "from_now_on")]
    since: String,
    /// Queue of new tickets.
    #[serde(default)]
    queue: String,
    /// Whether what was read is marked so.
    #[serde(default)]
    mark_seen: bool,
    /// How often the folder is looked at, in seconds.
    #[serde(default = "every")]
    poll_seconds: u64,
}

/// Where tokens come from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OAuthEntry {
    /// The provider's token endpoint.
    token_url: String,
    /// Who we are there.
    client_id: String,
    /// File that holds how we prove it and nothing else; missing: a client without a secret.
    client_secret_file: Option<PathBuf>,
    /// File that holds what was given when somebody allowed us in, and nothing else.
    refresh_token_file: PathBuf,
    /// What is asked for; missing: what was allowed.
    #[serde(default)]
    scope: String,
    /// Networks that the endpoint may be in although they are not public; by http, too.
    #[serde(default)]
    allow_private: Vec<String>,
}

impl OAuthEntry {
    fn read(&self, entry: &Entry, folder: &Path) -> Result<OAuth, String> {
        let allow_private = self.allow_private.iter().map(|network| network.parse());
        let ca_file = entry
            .ca_file
            .as_ref()
            .map(|file| folder.join(file).display().to_string());
        OAuth::new(Setting {
            tenant: entry.tenant.clone(),
            address: entry.address.to_lowercase(),
            token_url: self.token_url.clone(),
            client_id: self.client_id.clone(),
            client_secret: secret(folder, self.client_secret_file.as_deref())?.unwrap_or_default(),
            refresh_token: secret(folder, Some(&self.refresh_token_file))?.unwrap_or_default(),
            scope: self.scope.clone(),
            allow_private: allow_private
                .collect::<Result<_, _>>()
                .map_err(|why| format!("oauth.allow_private {why}"))?,
            ca_file: ca_file.unwrap_or_default(),
        })
    }
}

fn inbox() -> String {
    "INBOX".to_owned()
}

fn from_now_on() -> String {
    "new".to_owned()
}

fn every() -> u64 {
    EVERY
}

impl Entry {
    /// Where mails go out, and what is read.
    pub(super) fn read(self, folder: &Path) -> Result<(Option<Mailbox>, Option<Incoming>), String> {
        if self.tenant.is_empty() {
            return Err("tenant must be given".to_owned());
        }
        let address: Address = self.address.parse().map_err(|_| "address must be an e-mail address")?;
        if self.smtp.is_none() && self.imap.is_none() {
            return Err("smtp or imap must be given".to_owned());
        }
        let authority = match &self.ca_file {
            Some(file) => {
                let file = folder.join(file);
                Some(std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?)
            }
            None => None,
        };
        let login = self.login(folder)?;
        let outgoing = match &self.smtp {
            Some(smtp) => Some(self.outgoing(smtp, &address, login.as_ref(), authority.as_deref())?),
            None => None,
        };
        let imap = self.imap.clone();
        let incoming = match &imap {
            Some(imap) => Some(self.incoming(imap, &address, folder, login, authority.as_deref())?),
            None => None,
        };
        Ok((outgoing, incoming))
    }

    /// How `user` proves who they are.
    fn login(&self, folder: &Path) -> Result<Option<Login>, String> {
        let passwords = [&self.password_file, &self.imap_password_file];
        match &self.oauth {
            Some(_) if passwords.into_iter().any(Option::is_some) => {
                Err("oauth and a password_file are two ways to log in: give one".to_owned())
            }
            Some(_) if self.user.is_empty() => Err("user must be given with oauth".to_owned()),
            Some(oauth) => Ok(Some(Login::OAuth(Arc::new(oauth.read(self, folder)?)))),
            None => Ok(secret(folder, self.password_file.as_deref())?.map(Login::Password)),
        }
    }

    fn outgoing(
        &self,
        smtp: &str,
        address: &Address,
        login: Option<&Login>,
        authority: Option<&[u8]>,
    ) -> Result<Mailbox, String> {
        let display_name = Some(self.display_name.clone()).filter(|name| !name.is_empty());
        let mut server = Transport::from_url(smtp)
            .map_err(|error| format!("smtp: {error}"))?
            .timeout(Some(TIMEOUT))
            // Servers distrust a machine that calls itself by a number.
            .hello_name(ClientId::Domain(address.domain().to_owned()));
        if let Some(tls) = authority.map(|pem| smtp_tls(smtp, pem)).transpose()? {
            server = server.tls(tls);
        }
        let sender = match login {
            _ if self.user.is_empty() => Sender::Ready(server.build()),
            None => return Err("password_file must be given with user".to_owned()),
            Some(Login::Password(password)) => {
                let credentials = Credentials::new(self.user.clone(), password.clone());
                Sender::Ready(server.credentials(credentials).build())
            }
            Some(Login::OAuth(oauth)) => Sender::by_token(server, self.user.clone(), oauth.clone()),
        };
        Ok(Mailbox {
            from: MailAddress::new(display_name, address.clone()),
            sender,
        })
    }

    fn incoming(
        self,
        imap: &str,
        address: &Address,
        folder: &Path,
        login: Option<Login>,
        authority: Option<&[u8]>,
    ) -> Result<Incoming, String> {
        let user = self.imap_user.unwrap_or(self.user);
        let own = secret(folder, self.imap_password_file.as_deref())?.map(Login::Password);
        let (false, Some(login)) = (user.is_empty(), own.or(login)) else {
            return Err("user and password_file must be given with imap".to_owned());
        };
        let mut violations = Violations::new();
        check_queue("queue", &self.queue, &mut violations);
        violations
            .into_result()
            .map_err(|_| "queue must be 1 to 63 of a-z, 0-9 and -")?;
        // A name that is in UTF-7 on the wire has to be written so: what is sent is what is written here.
        if self.folder.is_empty() || !self.folder.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
            return Err("folder must be the folder's name as the server writes it, in ASCII".to_owned());
        }
        if !(1..=3_600).contains(&self.poll_seconds) {
            return Err("poll_seconds must be 1 to 3600".to_owned());
        }
        Ok(Incoming {
            tenant: self.tenant,
            address: address.to_string().to_lowercase(),
            folder: self.folder,
            queue: self.queue,
            server: server(imap, user, login, authority).map_err(|why| format!("imap: {why}"))?,
            since: since(&self.since).ok_or("since must be \"new\", \"all\" or a date like \"2026-01-31\"")?,
            mark_seen: self.mark_seen,
            every: Duration::from_secs(self.poll_seconds),
        })
    }
}

fn secret(folder: &Path, file: Option<&Path>) -> Result<Option<String>, String> {
    let Some(file) = file else { return Ok(None) };
    let file = folder.join(file);
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(Some(text.trim_end().to_owned()))
}

fn since(text: &str) -> Option<Since> {
    match text {
        "new" => Some(Since::New),
        "all" => Some(Since::All),
        date => {
            let date: NaiveDate = date.parse().ok()?;
            Some(Since::Date(date.and_time(NaiveTime::MIN).and_utc()))
        }
    }
}

fn server(imap: &str, user: String, login: Login, authority: Option<&[u8]>) -> Result<ImapServer, String> {
    let url = Url::parse(imap).map_err(|error| error.to_string())?;
    let host = url
        .host_str()
        .filter(|host| !host.is_empty())
        .ok_or("the host is missing")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("user and password do not belong in the address".to_owned());
    }
    if !matches!(url.path(), "" | "/") {
        return Err("the folder does not belong in the address".to_owned());
    }
    let trusted = || trust(authority).map(Arc::new);
    let (protection, port) = match (url.scheme(), url.query()) {
        ("imaps", None) => (Protection::Tls(trusted()?), 993),
        ("imap", Some("tls=required")) => (Protection::StartTls(trusted()?), 143),
        ("imap", Some("tls=none")) => (Protection::None, 143),
        // The password would go in the clear because somebody forgot a word.
        ("imap", None) => return Err("say ?tls=required, or ?tls=none on a network that is trusted".to_owned()),
        _ => return Err("must be imaps://host, imap://host?tls=required or imap://host?tls=none".to_owned()),
    };
    Ok(ImapServer {
        host: host.trim_matches(['[', ']']).to_owned(),
        port: url.port().unwrap_or(port),
        protection,
        user,
        login,
    })
}

/// The authorities of the system, and one's own.
fn trust(authority: Option<&[u8]>) -> Result<ClientConfig, String> {
    let own = authority.map(certificates).transpose()?.unwrap_or_default();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(own, ring.clone()).map_err(|error| error.to_string())?;
    let config = ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    Ok(config.with_no_client_auth())
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = read.map_err(|error| format!("ca_file: {error}"))?;
    match certificates.is_empty() {
        true => Err("ca_file: holds no certificate".to_owned()),
        false => Ok(certificates),
    }
}

/// The same protection that the address asks for, with one's own authority.
pub(super) fn smtp_tls(smtp: &str, pem: &[u8]) -> Result<Tls, String> {
    certificates(pem)?;
    let url = Url::parse(smtp).map_err(|error| format!("smtp: {error}"))?;
    let host = url.host_str().unwrap_or_default();
    let own = Certificate::from_pem(pem).map_err(|error| format!("ca_file: {error}"))?;
    let parameters = TlsParameters::builder(host.trim_matches(['[', ']']).to_owned())
        .add_root_certificate(own)
        .build()
        .map_err(|error| format!("ca_file: {error}"))?;
    let asked = url
        .query_pairs()
        .find(|(name, _)| name == "tls")
        .map(|(_, value)| value);
    // Never less than what was asked for: what is not known here is refused.
    match (url.scheme(), asked.as_deref()) {
        ("smtps", _) => Ok(Tls::Wrapper(parameters)),
        ("smtp", Some("required")) => Ok(Tls::Required(parameters)),
        ("smtp", Some("opportunistic")) => Ok(Tls::Opportunistic(parameters)),
        ("smtp", None) => Ok(Tls::None),
        _ => Err("smtp: must be smtps://host, smtp://host?tls=required or smtp://host".to_owned()),
    }
}
