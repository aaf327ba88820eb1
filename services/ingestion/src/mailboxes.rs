//! From which address a tenant's mails go out, and by which server. Read once at the start from `mailboxes.toml` in the data
//! folder; without the file nothing is ever sent.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::Mailbox as MailAddress;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, Tokio1Executor};
use serde::Deserialize;
use vorrang_error::Error;

/// The file's name.
const FILE: &str = "mailboxes.toml";
/// A server that says nothing for so long is not there.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How mails are handed to a server.
pub type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// The mailboxes there are, by tenant.
#[derive(Clone, Debug, Default)]
pub struct Mailboxes(BTreeMap<String, Mailbox>);

/// From where a tenant writes.
#[derive(Clone, Debug)]
pub struct Mailbox {
    /// Address and name that customers see.
    pub from: MailAddress,
    /// The server.
    pub transport: Transport,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    mailbox: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Whose.
    tenant: String,
    /// Address that customers write to.
    address: String,
    /// Name beside it.
    #[serde(default)]
    display_name: String,
    /// `smtps://host`, `smtp://host?tls=required`, or `smtp://host` for a relay on a network that is trusted.
    smtp: String,
    /// Empty: the server asks for nobody.
    #[serde(default)]
    user: String,
    /// File that holds the password and nothing else.
    password_file: Option<PathBuf>,
}

impl Mailboxes {
    /// Reads the file in `folder`; none when there is no file.
    ///
    /// # Errors
    /// Precondition `MAILBOXES_INVALID` that says what is wrong and where.
    pub fn load(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::read(&text, folder).map_err(|why| invalid(&path, &why)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(invalid(&path, &error.to_string())),
        }
    }

    fn read(text: &str, folder: &Path) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut mailboxes = BTreeMap::new();
        for entry in file.mailbox {
            let tenant = entry.tenant.clone();
            let mailbox = entry
                .read(folder)
                .map_err(|why| format!("mailbox of {tenant:?}: {why}"))?;
            if mailboxes.insert(tenant.clone(), mailbox).is_some() {
                return Err(format!("mailbox of {tenant:?}: there are two"));
            }
        }
        Ok(Self(mailboxes))
    }

    /// The tenants that have one.
    pub fn tenants(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The addresses that customers write to, by tenant.
    pub fn addresses(&self) -> BTreeMap<String, String> {
        let address = |(tenant, mailbox): (&String, &Mailbox)| (tenant.clone(), mailbox.from.email.to_string());
        self.0.iter().map(address).collect()
    }

    /// That of a tenant.
    pub fn of(&self, tenant: &str) -> Option<&Mailbox> {
        self.0.get(tenant)
    }
}

impl Entry {
    fn read(self, folder: &Path) -> Result<Mailbox, String> {
        if self.tenant.is_empty() {
            return Err("tenant must be given".to_owned());
        }
        let address: Address = self.address.parse().map_err(|_| "address must be an e-mail address")?;
        let display_name = Some(self.display_name).filter(|name| !name.is_empty());
        let mut server = Transport::from_url(&self.smtp)
            .map_err(|error| format!("smtp: {error}"))?
            .timeout(Some(TIMEOUT))
            // Servers distrust a machine that calls itself by a number.
            .hello_name(ClientId::Domain(address.domain().to_owned()));
        if !self.user.is_empty() {
            let file = self.password_file.ok_or("password_file must be given with user")?;
            let file = folder.join(file);
            let password = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            server = server.credentials(Credentials::new(self.user, password.trim_end().to_owned()));
        }
        Ok(Mailbox {
            from: MailAddress::new(display_name, address),
            transport: server.build(),
        })
    }
}

fn invalid(path: &Path, why: &str) -> Error {
    Error::precondition("MAILBOXES_INVALID", format!("{}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Mailboxes, String> {
        Mailboxes::read(text, Path::new("/nonexistent"))
    }

    #[test]
    fn a_mailbox_is_read() {
        let text = "[[mailbox]]\ntenant = \"acme\"\naddress = \"support@firma.example\"\ndisplay_name = \"Firma\"\nsmtp = \"smtp://127.0.0.1:25\"\n";
        let mailboxes = read(text).expect("is one");
        assert_eq!(mailboxes.tenants().collect::<Vec<_>>(), ["acme"]);
        let from = &mailboxes.of("acme").expect("is there").from;
        assert_eq!(from.to_string(), "Firma <support@firma.example>");
        assert!(mailboxes.of("rival").is_none());
        assert!(read(&text.repeat(2)).expect_err("two").contains("there are two"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let entry = |change: &str| {
            let mut fields = vec![
                ("tenant", "acme"),
                ("address", "support@firma.example"),
                ("smtp", "smtp://127.0.0.1:25"),
            ];
            let (name, value) = change.split_once('=').expect("a change");
            fields.retain(|(field, _)| *field != name);
            fields.push((name, value));
            let lines = fields.iter().map(|(field, value)| format!("{field} = {value:?}\n"));
            format!("[[mailbox]]\n{}", lines.collect::<String>())
        };
        for (change, why) in [
            ("tenant=", "tenant must be given"),
            ("address=nobody", "must be an e-mail address"),
            ("smtp=http://x", "smtp:"),
            ("user=support", "password_file must be given"),
            ("colour=red", "unknown field"),
        ] {
            let found = read(&entry(change)).expect_err(change);
            assert!(found.contains(why), "{change}: {found}");
        }
        assert!(read("").expect("none").tenants().next().is_none());
    }
}
