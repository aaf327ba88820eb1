//! The three signing keys of an installation.

use std::sync::Arc;

use vorrang_error::Error;

use crate::config::Config;
use crate::files;

/// Signing keys: from the configuration, or generated once and kept in `data_dir/secrets`, mode 0600.
///
/// `Debug` shows nothing of them.
#[derive(Clone)]
pub struct Secrets(Arc<Keys>);

struct Keys {
    internal: Vec<u8>,
    cursor: Vec<u8>,
    pepper: Vec<u8>,
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
