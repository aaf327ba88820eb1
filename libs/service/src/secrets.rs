//! The keys of an installation: four sign, one seals.

use std::sync::Arc;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use vorrang_database::Database;
use vorrang_database::fingerprints::{self, Fingerprint};
use vorrang_error::Error;

use crate::config::Config;
use crate::files;

/// The installation's keys: from the configuration, or generated once and kept in `data_dir/secrets`, mode 0600.
///
/// `Debug` shows nothing of them.
#[derive(Clone)]
pub struct Secrets(Arc<Keys>);

struct Keys {
    internal: Vec<u8>,
    cursor: Vec<u8>,
    pepper: Vec<u8>,
    data: Vec<u8>,
    link: Vec<u8>,
    link_previous: Vec<u8>,
}

impl Secrets {
    /// Reads or generates the keys. Processes that start at once on one data folder agree on them.
    ///
    /// Fails with Unavailable when the data folder cannot be written.
    pub fn load(config: &Config) -> Result<Self, Error> {
        Ok(Self(Arc::new(Keys {
            internal: key(config, "internal_key", &config.secrets.internal_key)?,
            cursor: key(config, "cursor_key", &config.secrets.cursor_key)?,
            pepper: key(config, "key_pepper", &config.secrets.key_pepper)?,
            data: key(config, "data_key", &config.secrets.data_key)?,
            link: key(config, "link_key", &config.secrets.link_key)?,
            link_previous: config.secrets.link_key_previous.as_bytes().to_vec(),
        })))
    }

    /// Fails with Precondition `SECRETS_DIFFER` when the database of `service` was written with other secrets than ours: two
    /// processes that each made their own, or a folder that was lost. Only those that the service uses are compared.
    pub async fn check(&self, database: &Database, service: &str) -> Result<(), Error> {
        let differ = fingerprints::check(database, &self.of(service)).await?;
        if differ.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = differ.iter().map(|name| format!("secrets.{name}")).collect();
        let message = format!(
            "was written with another {}: give every process the same secrets (`VORRANG_SECRETS_…`, or one data folder); when \
             they were changed on purpose, run `vorrang migrate --new-secrets` once",
            names.join(", ")
        );
        Err(Error::precondition("SECRETS_DIFFER", message).with("secrets", differ.join(",")))
    }

    /// The fingerprints of what `service` uses.
    fn of(&self, service: &str) -> Vec<Fingerprint> {
        let one = |name: &'static str, key: &[u8]| Fingerprint {
            name,
            current: fingerprint(name, key),
            previous: None,
        };
        let internal = one("internal_key", self.internal_key());
        let cursor = one("cursor_key", self.cursor_key());
        match service {
            "identity" => vec![one("key_pepper", self.key_pepper())],
            "ticketing" => vec![internal, cursor, one(DATA_KEY, self.data_key()), self.link()],
            "ingestion" => vec![internal, self.link()],
            "routing" | "knowledge" => vec![internal, cursor],
            _ => vec![internal],
        }
    }

    /// A link key may be followed by another one, which names it.
    fn link(&self) -> Fingerprint {
        let name = "link_key";
        let mut keys = self.link_keys().into_iter().map(|key| fingerprint(name, key));
        Fingerprint {
            name,
            current: keys.next().unwrap_or_default(),
            previous: keys.next(),
        }
    }

    /// Signs calls among our services.
    pub fn internal_key(&self) -> &[u8] {
        &self.0.internal
    }

    /// Signs feed cursors.
    pub fn cursor_key(&self) -> &[u8] {
        &self.0.cursor
    }

    /// Key of the hashes of API keys.
    pub fn key_pepper(&self) -> &[u8] {
        &self.0.pepper
    }

    /// Wraps the keys under which personal data is stored. Whoever loses it loses every customer's texts.
    pub fn data_key(&self) -> &[u8] {
        &self.0.data
    }

    /// Signs links that are sent to customers: the key that signs, then the one that signed before, if there is one, whose
    /// links are still on their way.
    pub fn link_keys(&self) -> Vec<&[u8]> {
        let previous = (!self.0.link_previous.is_empty()).then_some(self.0.link_previous.as_slice());
        [self.0.link.as_slice()].into_iter().chain(previous).collect()
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(***)")
    }
}

/// The one that can never be replaced: what it wraps would be lost.
const DATA_KEY: &str = "data_key";

/// Lets `secrets` of the configuration in force be others than those that a database was written with; not the data key,
/// without which it cannot be read.
///
/// Fails when the database fails.
pub async fn accept_new_secrets(database: &Database) -> Result<(), Error> {
    fingerprints::forget(database, DATA_KEY).await
}

/// Says whether two keys are the same, and nothing else about them.
fn fingerprint(name: &str, key: &[u8]) -> String {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("an HMAC takes keys of any length");
    hmac.update(format!("vorrang: fingerprint of {name}, 1").as_bytes());
    hex::encode(hmac.finalize().into_bytes())
}

fn key(config: &Config, name: &str, configured: &str) -> Result<Vec<u8>, Error> {
    if !configured.is_empty() {
        return Ok(configured.as_bytes().to_vec());
    }
    let folder = config.data_dir.join("secrets");
    files::private_folder(&folder)?;
    let fresh = hex::encode(rand::random::<[u8; 32]>());
    let text = files::create_or_read(&folder.join(name), &fresh)?;
    let text = text.trim();
    if text.len() < 32 {
        // An empty key would sign everything alike; a disk that was full must not lead there.
        let file = folder.join(name);
        return Err(Error::precondition(
            "SECRET_DAMAGED",
            format!(
                "{} holds no usable key; restore it, or delete it to have a new one made",
                file.display()
            ),
        ));
    }
    Ok(text.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn keys_are_made_once_and_only_we_may_read_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config::local(folder.path());
        let first = Secrets::load(&config).expect("made");
        let second = Secrets::load(&config).expect("read");
        assert_eq!(first.internal_key(), second.internal_key());
        assert_ne!(first.internal_key(), first.cursor_key());
        assert_eq!(first.key_pepper().len(), 64);
        for (path, mode) in [("secrets", 0o700), ("secrets/internal_key", 0o600)] {
            let permissions = std::fs::metadata(folder.path().join(path))
                .expect("it exists")
                .permissions();
            assert_eq!(permissions.mode() & 0o777, mode, "{path}");
        }
        assert_eq!(
            std::fs::read_dir(folder.path().join("secrets"))
                .expect("readable")
                .count(),
            5,
            "leftovers"
        );
    }

    #[test]
    fn processes_that_start_at_once_agree() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config::local(folder.path());
        let load = || Secrets::load(&config).map(|secrets| secrets.cursor_key().to_vec());
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic").expect("made"))
                .collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[test]
    fn a_damaged_key_is_refused_and_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config::local(folder.path());
        std::fs::create_dir(folder.path().join("secrets")).expect("made");
        std::fs::write(folder.path().join("secrets/cursor_key"), "\n").expect("written");
        let error = Secrets::load(&config).expect_err("an empty key signs nothing");
        assert!(error.message().contains("secrets/cursor_key"), "{error}");
    }
}
