//! Finds the servers' programs. What is missing is an error that names the fix.

use std::path::{Path, PathBuf};

/// A program that tests need, and how to get it.
pub(crate) struct Wanted<'a> {
    pub program: &'a str,
    /// Names a folder to look in before all others.
    pub variable: &'a str,
    /// The Debian package that has it.
    pub package: &'a str,
}

/// Where a program of PostgreSQL is, for example `pg_dump`.
///
/// # Panics
/// When it is not installed; the message names the fix.
pub fn postgres_program(program: &str) -> PathBuf {
    let wanted = Wanted {
        program,
        variable: "VORRANG_POSTGRES_BIN",
        package: "postgresql",
    };
    found(&wanted, debian_postgres_folders(Path::new("/usr/lib/postgresql")))
}

pub(crate) fn redis_program() -> PathBuf {
    let wanted = Wanted {
        program: "redis-server",
        variable: "VORRANG_REDIS_BIN",
        package: "redis-server",
    };
    found(&wanted, Vec::new())
}

/// Dovecot's master program; not on the PATH of everybody.
pub(crate) fn dovecot_program() -> PathBuf {
    let wanted = Wanted {
        program: "dovecot",
        variable: "VORRANG_DOVECOT_BIN",
        package: "dovecot-imapd",
    };
    found(&wanted, vec![PathBuf::from("/usr/sbin")])
}

/// A program of Postfix: `postfix`, or `master` of its daemons.
pub(crate) fn postfix_program(program: &str) -> PathBuf {
    let wanted = Wanted {
        program,
        variable: "VORRANG_POSTFIX_BIN",
        package: "postfix",
    };
    let folders = ["/usr/sbin", "/usr/lib/postfix/sbin", "/usr/libexec/postfix"];
    found(&wanted, folders.map(PathBuf::from).into())
}

fn found(wanted: &Wanted<'_>, more: Vec<PathBuf>) -> PathBuf {
    let mut folders: Vec<PathBuf> = std::env::var_os(wanted.variable)
        .map(PathBuf::from)
        .into_iter()
        .collect();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    folders.extend(more);
    match find(wanted, &folders) {
        Ok(path) => path,
        Err(message) => panic!("{message}"),
    }
}

pub(crate) fn find(wanted: &Wanted<'_>, folders: &[PathBuf]) -> Result<PathBuf, String> {
    folders
        .iter()
        .map(|folder| folder.join(wanted.program))
        .find(|path| path.is_file())
        .ok_or_else(|| {
            format!(
                "{} was not found. Install it with `sudo apt-get install {}`, or set {} to the folder that has it.",
                wanted.program, wanted.package, wanted.variable
            )
        })
}

/// Debian keeps each major version in a folder of its own, none of them on PATH. Newest first.
fn debian_postgres_folders(root: &Path) -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, folder)| folder).collect()
}
