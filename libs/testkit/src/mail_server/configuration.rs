//! What the mail servers are told.

use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use super::own_uid;

/// Under whose names the servers run: as root under those that the packages made, else all under one's own.
pub(super) struct Accounts {
    /// Whether this is root.
    pub root: bool,
    login: String,
    internal: String,
    group: String,
    mail: (u32, u32),
}

impl Accounts {
    pub fn of_this_machine() -> Self {
        let root = own_uid() == 0;
        let own = |flag| asked(&[flag]);
        let mail = match root {
            // Dovecot and Postfix touch no mails as root.
            true => (asked(&["-u", "nobody"]), asked(&["-g", "nobody"])),
            false => (own("-u"), own("-g")),
        };
        let number = |text: &str| text.parse().expect("id prints a number");
        let (login, internal, group) = match root {
            true => ("dovenull".to_owned(), "dovecot".to_owned(), "dovecot".to_owned()),
            false => (own("-un"), own("-un"), own("-gn")),
        };
        Self {
            root,
            login,
            internal,
            group,
            mail: (number(&mail.0), number(&mail.1)),
        }
    }

    /// Makes a file of a mailbox its owner's.
    pub fn give_mail(&self, path: &Path) {
        if self.root {
            chown(path, Some(self.mail.0), Some(self.mail.1)).expect("root may");
        }
    }

    /// Makes a folder somebody's.
    pub fn give(&self, path: &Path, user: &str) {
        let uid = asked(&["-u", user]).parse().expect("id prints a number");
        chown(path, Some(uid), None).expect("root may");
    }
}

fn asked(words: &[&str]) -> String {
    let output = Command::new("id").args(words).output().expect("id is there");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// What says whether a token is good: at this port of the loopback, a form with `token`, answered `{"active": true, "username": …}`.
pub(super) fn dovecot_tokens(introspection: u16) -> String {
    format!(
        "introspection_mode = post
introspection_url = http://127.0.0.1:{introspection}/introspect
username_attribute = username
active_attribute = active
active_value = true
"
    )
}

pub(super) fn dovecot(folder: &Path, accounts: &Accounts, tls: bool, tokens: bool, [imap, imaps]: [u16; 2]) -> String {
    let Accounts {
        login,
        internal,
        group,
        mail: (uid, gid),
        ..
    } = accounts;
    let folder = folder.display();
    let tls = match tls {
        true => format!("ssl = yes\nssl_cert = <{folder}/cert.pem\nssl_key = <{folder}/key.pem\n"),
        false => "ssl = no\n".to_owned(),
    };
    let (mechanisms, by_token) = match tokens {
        true => (
            " xoauth2 oauthbearer",
            format!("passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {folder}/tokens\n}}\n"),
        ),
        false => ("", String::new()),
    };
    format!(
        "base_dir = {folder}/run
state_dir = {folder}/run
instance_name = vorrang-test
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
{tls}disable_plaintext_auth = no
auth_mechanisms = plain login{mechanisms}
auth_failure_delay = 0
default_process_limit = 50
default_client_limit = 200
default_login_user = {login}
default_internal_user = {internal}
default_internal_group = {group}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service auth {{
  unix_listener {folder}/auth {{
    mode = 0666
  }}
}}
{by_token}passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
  default_fields = uid={uid} gid={gid}
}}
"
    )
}

pub(super) fn postfix(folder: &Path, accounts: &Accounts, tls: bool) -> String {
    let (uid, gid) = accounts.mail;
    let folder = folder.display();
    let tls = match tls {
        true => format!(
            "smtpd_tls_cert_file = {folder}/cert.pem
smtpd_tls_key_file = {folder}/key.pem
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
"
        ),
        false => "smtpd_tls_security_level = none\n".to_owned(),
    };
    format!(
        "compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file_prefixes = {folder}
maillog_file = {folder}/postfix.log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.firma.example
mydestination =
mynetworks =
alias_maps =
alias_database =
virtual_mailbox_domains = firma.example, x.example
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/postfix/mailboxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
recipient_delimiter = +
{tls}smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {folder}/auth
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtpd_peername_lookup = no
"
    )
}

pub(super) fn postfix_services(smtp: u16) -> String {
    format!(
        "127.0.0.1:{smtp} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"
    )
}
