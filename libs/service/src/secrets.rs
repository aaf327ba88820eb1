//! The keys of an installation: four sign, one seals.

use std::sync::Arc;

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
