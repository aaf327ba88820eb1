//! Real mail servers: Dovecot for mailboxes, Postfix for what is sent. Each test has its own, on free ports of the loopback.
//!
//! Dovecot runs as whoever runs the tests. Postfix does not start without root, and says so.

mod configuration;

use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::binaries::{dovecot_program, postfix_program};
use crate::postgres_server::free_port;
use crate::wait::{DEADLINE, wait_until};
use crate::{DataFolder, Process, data_folder};
use configuration::Accounts;

/// Everybody's password.
pub const MAIL_PASSWORD: &str = "geheim-4711";

/// Who has a mailbox: an address, and its folder's name.
const MAILBOXES: [(&str, &str); 2] = [("support@firma.example", "support"), ("mara@x.example", "mara")];

/// A machine with mailboxes for `support@firma.example` (and what stands behind a `+`) and `mara@x.example`.
pub struct MailServer {
    folder: DataFolder,
    accounts: Accounts,
    /// Whether the servers can do TLS.
    tls: bool,
    /// Where tokens are looked up; none: they are not taken.
    introspection: Option<u16>,
    imap: u16,
    imaps: u16,
    smtp: u16,
    dovecot: Option<Process>,
    postfix: Option<Process>,
    delivered: AtomicU32,
}

impl MailServer {
    /// Starts Dovecot, with a certificate for `localhost` that nobody trusts unless told to: [`MailServer::ca_file`].
    ///
    /// # Panics
    /// When it is not installed (the message names the fix) or does not start.
    pub async fn start() -> Self {
        Self::start_with(true, None).await
    }

    /// As [`MailServer::start`], and who has a token is let in, too: what it is good for is asked at this port of the loopback, at `/introspect`,
    /// by a form with `token`, which is to be answered `{"active": true, "username": …}`.
    pub async fn start_with_tokens(introspection: u16) -> Self {
        Self::start_with(true, Some(introspection)).await
    }

    /// As [`MailServer::start`], and the servers have no TLS at all.
    pub async fn start_without_tls() -> Self {
        Self::start_with(false, None).await
    }

    async fn start_with(tls: bool, introspection: Option<u16>) -> Self {
        let folder = data_folder();
        let path = folder.path();
        // Mails belong to a user of their own, who must get through.
        set_mode(path, 0o755);
        let accounts = Accounts::of_this_machine();
        for name in ["run", "postfix", "spool", "data"] {
            std::fs::create_dir(path.join(name)).expect("the folder is writable");
        }
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        std::fs::write(path.join("cert.pem"), made.cert.pem()).expect("is written");
        std::fs::write(path.join("key.pem"), made.signing_key.serialize_pem()).expect("is written");
        let mut server = Self {
            accounts,
            tls,
            introspection,
            imap: free_port(),
            imaps: free_port(),
            smtp: free_port(),
            dovecot: None,
            postfix: None,
            delivered: AtomicU32::new(0),
            folder,
        };
        for (_, name) in MAILBOXES {
            for part in ["", "tmp", "new", "cur"] {
                let folder = server.maildir(name).join(part);
                std::fs::create_dir_all(&folder).expect("the folder is writable");
                server.accounts.give_mail(&folder);
            }
        }
        server.restart().await;
        server
    }

    /// Starts Dovecot again on the same ports and waits until it answers.
    pub async fn restart(&mut self) {
        self.stop();
        // Killed, it leaves it behind, and believes whoever has the number now to be itself.
        let _ = std::fs::remove_file(self.folder.path().join("run").join("master.pid"));
        let file = self.folder.path().join("dovecot.conf");
        let ports = [self.imap, self.imaps];
        let tokens = self.introspection.is_some();
        let text = configuration::dovecot(self.folder.path(), &self.accounts, self.tls, tokens, ports);
        if let Some(port) = self.introspection {
            let file = self.folder.path().join("tokens");
            std::fs::write(file, configuration::dovecot_tokens(port)).expect("is written");
        }
        std::fs::write(&file, text).expect("is written");
        let users = MAILBOXES.map(|(address, name)| {
            let mail = self.maildir(name);
            format!("{address}:{{PLAIN}}{MAIL_PASSWORD}::::{}::\n", mail.display())
        });
        std::fs::write(self.folder.path().join("users"), users.concat()).expect("is written");
        let mut command = Command::new(dovecot_program());
        command.arg("-F").arg("-c").arg(file);
        self.dovecot = Some(Process::start(quiet(&mut command)));
        self.wait_for_greeting(self.imap, "Dovecot to answer").await;
    }

    /// Ends Dovecot with `kill -9`.
    pub fn stop(&mut self) {
        self.dovecot = None;
    }

    /// Starts Postfix (again), which takes mails from who logs in, over TLS only, and delivers them to the mailboxes.
    ///
    /// # Panics
    /// When it is not installed, when the tests do not run as root (the messages name the fix), or when it does not start.
    pub async fn start_smtp(&mut self) {
        assert!(
            self.accounts.root,
            "Postfix starts only as root: run this test as root, as in a container; the other tests need no root"
        );
        self.stop_smtp();
        let folder = self.folder.path();
        let settings = folder.join("postfix");
        self.accounts.give(&folder.join("data"), "postfix");
        std::fs::write(
            settings.join("main.cf"),
            configuration::postfix(folder, &self.accounts, self.tls),
        )
        .expect("is written");
        std::fs::write(settings.join("master.cf"), configuration::postfix_services(self.smtp)).expect("is written");
        let known = MAILBOXES.map(|(address, name)| format!("{address} {name}/\n"));
        std::fs::write(settings.join("mailboxes"), known.concat()).expect("is written");
        let mut check = Command::new(postfix_program("postfix"));
        let checked = quiet(check.arg("-c").arg(&settings).arg("check")).status();
        assert!(
            checked.is_ok_and(|status| status.success()),
            "Postfix must accept its configuration"
        );
        let mut master = Command::new(postfix_program("master"));
        self.postfix = Some(Process::start(quiet(master.arg("-c").arg(&settings).arg("-d"))));
        self.wait_for_greeting(self.smtp, "Postfix to answer").await;
    }

    /// Ends Postfix with `kill -9`.
    pub fn stop_smtp(&mut self) {
        self.postfix = None;
    }

    /// Port of IMAP, with STARTTLS where there is TLS.
    pub fn imap_port(&self) -> u16 {
        self.imap
    }

    /// Port of IMAP in TLS.
    pub fn imaps_port(&self) -> u16 {
        self.imaps
    }

    /// Port of SMTP, with STARTTLS where there is TLS.
    pub fn smtp_port(&self) -> u16 {
        self.smtp
    }

    /// PEM file to trust.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// What Dovecot and Postfix logged, for the message of a test that fails.
    pub fn logs(&self) -> String {
        let read = |name: &str| std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        format!("{}\n{}", read("dovecot.log"), read("postfix.log"))
    }

    /// Delivers a mail as a mail server does, also while Dovecot is stopped.
    pub fn deliver(&self, mailbox: &str, raw: &[u8]) {
        self.deliver_ago(mailbox, raw, Duration::ZERO);
    }

    /// Delivers a mail as if it had arrived so long ago.
    pub fn deliver_ago(&self, mailbox: &str, raw: &[u8], ago: Duration) {
        let number = self.delivered.fetch_add(1, Ordering::Relaxed);
        // Mails that are found together are numbered in the order of their names.
        let name = format!("{:010}.M{number:06}P1.localhost", 1_700_000_000 + number);
        let temporary = self.maildir(mailbox).join("tmp").join(&name);
        std::fs::write(&temporary, raw).expect("is written");
        let file = std::fs::File::options().write(true).open(&temporary).expect("is there");
        let written = file
            .metadata()
            .and_then(|metadata| metadata.modified())
            .expect("a time");
        file.set_modified(written - ago).expect("one's own file");
        self.accounts.give_mail(&temporary);
        std::fs::rename(temporary, self.maildir(mailbox).join("new").join(name)).expect("is delivered");
    }

    /// The mails of a mailbox, by whether they were seen, oldest first.
    pub fn mails(&self, mailbox: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files: Vec<PathBuf> = ["new", "cur"]
            .iter()
            .filter_map(|part| std::fs::read_dir(self.maildir(mailbox).join(part)).ok())
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        files.sort_by_key(|file| file.file_name().map(ToOwned::to_owned));
        let read = |file: PathBuf| std::fs::read(&file).ok().map(|raw| (file, raw));
        files.into_iter().filter_map(read).collect()
    }

    /// Makes the folder another one with the same mails, as a restore does: another UIDVALIDITY and other UIDs.
    pub async fn renumber(&mut self, mailbox: &str) {
        self.stop();
        let folder = self.maildir(mailbox);
        let list = std::fs::read_to_string(folder.join("dovecot-uidlist")).expect("the folder was opened before");
        let validity = list
            .split_whitespace()
            .find_map(|word| word.strip_prefix('V'))
            .and_then(|word| word.parse::<u32>().ok())
            .expect("a UIDVALIDITY");
        for entry in std::fs::read_dir(&folder).expect("is there").flatten() {
            if entry.file_name().to_string_lossy().starts_with("dovecot") {
                std::fs::remove_file(entry.path()).expect("is removed");
            }
        }
        let list = folder.join("dovecot-uidlist");
        std::fs::write(&list, format!("3 V{} N1\n", validity + 1_000)).expect("is written");
        self.accounts.give_mail(&list);
        self.restart().await;
    }

    fn maildir(&self, mailbox: &str) -> PathBuf {
        self.folder.path().join("mail").join(mailbox)
    }

    async fn wait_for_greeting(&self, port: u16, what: &str) {
        wait_until(DEADLINE, what, || async move {
            let Ok(mut stream) = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await else {
                return false;
            };
            let mut first = [0_u8; 2];
            stream.read_exact(&mut first).await.is_ok()
        })
        .await;
    }
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("one's own folder");
}

/// The user of this process.
fn own_uid() -> u32 {
    std::fs::metadata("/proc/self").expect("Linux").uid()
}
