//! The facts on the disk, so that a start need not read the feeds from their beginning.
//!
//! A folder a tenant: parts of the facts in files that are never changed, and a manifest that names them, with their checksums and
//! with the feed positions up to which they were read. A new manifest takes the place of the old one at once, when all its files
//! are safe. So what is read back is the facts as they were at one position of each feed, or nothing: whatever is torn, flipped, missing, of
//! another version or half written makes the tenant be read from its feeds again. Nothing here is the only copy of anything.

mod manifest;

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use vorrang_error::Error;

use manifest::{FileOf, MANIFEST, Manifest};

use crate::facts::{FORMAT, Facts, Part, Touched};
use crate::projection::{Projection, TenantFacts};

/// How much is read from the feeds again after a crash, as long as there is little to write.
const SAVE_EVERY: Duration = Duration::from_secs(30);
/// Of so many parts of the time one is spent on writing, when there is much.
const SHARE: u32 = 20;

/// The folder with the facts of all tenants.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    /// What is on the disk, by tenant.
    known: Mutex<HashMap<String, Manifest>>,
}

impl Store {
    /// Keeps facts in `folder`, which exists.
    pub fn new(folder: PathBuf) -> Self {
        Self(Arc::new(Inner {
            folder,
            known: Mutex::default(),
        }))
    }

    /// Reads everything that was kept into `projection`. What cannot be read is removed: the feeds have it.
    ///
    /// Fails with Unavailable when the folder cannot be listed.
    pub fn load(&self, projection: &Projection) -> Result<(), Error> {
        let folders = fs::read_dir(&self.0.folder).map_err(|why| unusable("list", &self.0.folder, &why))?;
        for folder in folders.filter_map(Result::ok).map(|entry| entry.path()) {
            match load_tenant(&folder) {
                Ok((manifest, facts)) => {
                    projection.restore(
                        manifest.tenant.clone(),
                        TenantFacts::restored(facts, manifest.reached.clone()),
                    );
                    self.known().insert(manifest.tenant.clone(), manifest);
                }
                Err(why) => {
                    tracing::warn!(
                        folder = %folder.display(),
                        reason = %why,
                        "kept facts cannot be read; they are read from the feeds again"
                    );
                    remove(&folder)?;
                }
            }
        }
        Ok(())
    }

    /// Writes what has changed of every tenant.
    ///
    /// Fails with Unavailable `DATA_FOLDER_UNUSABLE`; what was not written is written the next time.
    pub fn save(&self, projection: &Projection) -> Result<(), Error> {
        for (tenant, facts) in projection.tenants() {
            self.save_tenant(&tenant, &facts)?;
        }
        Ok(())
    }

    /// Removes everything: what was read is not what the owners have.
    ///
    /// Fails as [`Store::save`].
    pub fn forget(&self) -> Result<(), Error> {
        let mut known = self.known();
        for (tenant, _) in known.drain() {
            remove(&self.folder_of(&tenant))?;
        }
        Ok(())
    }

    fn save_tenant(&self, tenant: &str, facts: &RwLock<TenantFacts>) -> Result<(), Error> {
        let mut known = self.known();
        let before = known.get(tenant);
        // Held while parts are written, so that all of them are of one moment. Who asks reads, too; the feeds wait.
        let reading = facts.read().unwrap_or_else(PoisonError::into_inner);
        let unsaved = reading.take_unsaved();
        if unsaved.is_empty() {
            return Ok(());
        }
        let folder = self.folder_of(tenant);
        let parts = match before {
            Some(_) => unsaved.clone(),
            None => reading.facts().all_parts(),
        };
        let written = make_folder(&folder)
            .and_then(|()| write_parts(&folder, &reading, &parts, before))
            .and_then(|files| {
                let manifest = Manifest {
                    format: FORMAT,
                    tenant: tenant.to_owned(),
                    number: before.map_or(0, |before| before.number) + 1,
                    reached: reading.reached(),
                    files,
                };
                drop(reading);
                publish(&folder, &manifest)?;
                Ok(manifest)
            });
        match written {
            Ok(manifest) => {
                sweep(&folder, &manifest);
                known.insert(tenant.to_owned(), manifest);
                Ok(())
            }
            Err(why) => {
                facts
                    .read()
                    .unwrap_or_else(PoisonError::into_inner)
                    .keep_unsaved(unsaved);
                Err(unusable("write facts into", &folder, &why))
            }
        }
    }

    /// Names of tenants are no names of folders.
    fn folder_of(&self, tenant: &str) -> PathBuf {
        self.0.folder.join(hex::encode(tenant))
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Manifest>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Saves now and then, and once more at the end.
pub async fn run(store: Store, projection: Projection, shutdown: CancellationToken) {
    let mut wait = SAVE_EVERY;
    loop {
        let is_over = tokio::select! {
            () = shutdown.cancelled() => true,
            () = tokio::time::sleep(wait) => false,
        };
        let begun = Instant::now();
        let (store, projection) = (store.clone(), projection.clone());
        let saved = tokio::task::spawn_blocking(move || store.save(&projection)).await;
        match saved {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(
                reason = error.reason(),
                error = error.chain(),
                "facts could not be kept"
            ),
            Err(why) => tracing::error!(error = %why, "keeping facts broke off"),
        }
        if is_over {
            return;
        }
        wait = begun.elapsed().saturating_mul(SHARE).max(SAVE_EVERY);
    }
}

fn load_tenant(folder: &Path) -> io::Result<(Manifest, Facts)> {
    let manifest = Manifest::read(&fs::read_to_string(folder.join(MANIFEST))?)?;
    if manifest.format != FORMAT {
        return Err(broken(format!(
            "written in format {}, ours is {FORMAT}",
            manifest.format
        )));
    }
    let mut facts = Facts::default();
    for file in &manifest.files {
        let bytes = fs::read(folder.join(&file.name))?;
        if bytes.len() as u64 != file.bytes || checksum(&bytes) != file.sha256 {
            return Err(broken(format!("{} is not what was written", file.name)));
        }
        facts
            .decode(file.part, &bytes)
            .map_err(|why| broken(format!("{}: {why}", file.name)))?;
    }
    Ok((manifest, facts))
}

/// Writes `parts` into files of their own and names those of the others.
fn write_parts(
    folder: &Path,
    facts: &TenantFacts,
    parts: &Touched,
    before: Option<&Manifest>,
) -> io::Result<Vec<FileOf>> {
    let number = before.map_or(0, |before| before.number) + 1;
    let mut files: Vec<FileOf> = before.map(|before| before.files.clone()).unwrap_or_default();
    files.retain(|file| !parts.parts().any(|part| part == file.part));
    for part in parts.parts() {
        let bytes = facts.facts().encode(part);
        let name = match part {
            Part::Names(chunk) => format!("{number:08}-names-{chunk}"),
            Part::Tickets(chunk) => format!("{number:08}-tickets-{chunk}"),
            Part::Rest => format!("{number:08}-rest"),
        };
        write(&folder.join(&name), &bytes)?;
        files.push(FileOf {
            part,
            name,
            bytes: bytes.len() as u64,
            sha256: checksum(&bytes),
        });
    }
    files.sort_by_key(|file| file.part);
    Ok(files)
}

/// Puts `manifest` in the place of the one before.
fn publish(folder: &Path, manifest: &Manifest) -> io::Result<()> {
    // The names of the files first: a manifest never names what a crash may take away.
    File::open(folder)?.sync_all()?;
    let fresh = folder.join(format!("{MANIFEST}.new"));
    let _ = fs::remove_file(&fresh);
    write(&fresh, manifest.text().as_bytes())?;
    fs::rename(&fresh, folder.join(MANIFEST))?;
    File::open(folder)?.sync_all()
}

/// Removes files that `manifest` does not name. One that stays behind is only in the way.
fn sweep(folder: &Path, manifest: &Manifest) {
    let names: Vec<&str> = manifest.files.iter().map(|file| file.name.as_str()).collect();
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name();
        let is_named = name
            .to_str()
            .is_some_and(|name| name == MANIFEST || names.contains(&name));
        if !is_named {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What an attempt that failed left behind is written anew.
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn remove(folder: &Path) -> Result<(), Error> {
    let removed = if folder.is_dir() {
        fs::remove_dir_all(folder)
    } else {
        fs::remove_file(folder)
    };
    match removed {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(unusable("remove", folder, &why)),
        _ => Ok(()),
    }
}

fn checksum(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn broken(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn unusable(what: &str, path: &Path, why: &io::Error) -> Error {
    Error::unavailable(
        "DATA_FOLDER_UNUSABLE",
        format!("cannot {what} {}: {why}", path.display()),
    )
}

#[cfg(test)]
mod tests;
