//! Access tokens for mail servers that take no passwords (RFC 6749, section 6): a refresh token is changed for one at the provider's token
//! endpoint, kept in memory until shortly before its end, and never written down.
//!
//! A provider may give a new refresh token with it: that one is kept sealed in the database and used from then on, by every process, until
//! another refresh token is configured. Calls go out as all do that leave the installation: by https, to public addresses only, unless the mailbox says
//! otherwise.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;
use vorrang_egress::{Egress, Network, Policy, SystemResolver, Target};

use crate::seal::Seal;
use crate::store::{Grant, Store};

/// For a whole call.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Bytes of an answer; tokens of some providers have several thousand.
const ANSWER_MAX: usize = 64 << 10;
/// A token that ends sooner is not used any more: a mail may take a while.
const SPARE: TimeDelta = TimeDelta::minutes(2);
/// How long one holds of which nobody says it.
const USUAL: TimeDelta = TimeDelta::minutes(30);

/// What is configured.
pub struct Setting {
    /// Whose, and which mailbox.
    pub tenant: String,
    /// Its address.
    pub address: String,
    /// Where tokens are given.
    pub token_url: String,
    /// Who we are there.
    pub client_id: String,
    /// And how we prove it; empty: a client that has no secret.
    pub client_secret: String,
    /// What was given when somebody allowed us in.
    pub refresh_token: String,
    /// What is asked for; empty: what was allowed.
    pub scope: String,
    /// Networks that may be called although they are not public.
    pub allow_private: Vec<Network>,
    /// File of certificates that are trusted, too; empty: none.
    pub ca_file: String,
}

/// Gives access tokens for one mailbox.
pub struct OAuth {
    setting: Setting,
    egress: Egress,
    target: Target,
    /// The last one, and until when it is good.
    known: Mutex<Option<(Arc<str>, DateTime<Utc>)>>,
}

impl std::fmt::Debug for OAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OAuth")
            .field("token_url", &self.setting.token_url)
            .finish_non_exhaustive()
    }
}

/// Why there is no token, in one word; never what a server said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoToken(pub &'static str);

impl NoToken {
    /// The provider does not know us, or does not let us in any more: somebody has to allow it again.
    const REFUSED: Self = Self("TOKEN_REFUSED");
    /// It is not there, or does not answer as token endpoints do.
    const SERVER: Self = Self("TOKEN_SERVER");
    /// Our own database.
    const NOT_KEPT: Self = Self("NOT_KEPT");
}

/// What a provider gives.
#[derive(Debug, Deserialize)]
struct Given {
    access_token: String,
    #[serde(default)]
    expires_in: Option<i64>,
    #[serde(default)]
    refresh_token: Option<String>,
}

impl OAuth {
    /// Checks what is configured.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(setting: Setting) -> Result<Self, String> {
        let policy = Policy {
            allow: setting.allow_private.clone(),
        };
        let egress = Egress::new(policy, Arc::new(SystemResolver), &setting.ca_file, TIMEOUT)
            .map_err(|error| error.message().to_owned())?;
        let target = egress
            .target(&setting.token_url)
            .map_err(|why| format!("oauth.token_url {why}"))?;
        for (name, value) in [
            ("client_id", &setting.client_id),
            ("refresh_token_file", &setting.refresh_token),
        ] {
            if value.is_empty() {
                return Err(format!("oauth.{name} must be given"));
            }
        }
        Ok(Self {
            egress,
            target,
            setting,
            known: Mutex::default(),
        })
    }

    /// A token that is good for a while.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn token(&self, store: &Store, seal: &Seal, now: DateTime<Utc>) -> Result<Arc<str>, NoToken> {
        // Who comes while somebody asks waits for what that one gets.
        let mut known = self.known.lock().await;
        if let Some((token, until)) = known.as_ref()
            && now < *until
        {
            return Ok(token.clone());
        }
        *known = None;
        let newer = self.newer(store, seal).await?;
        let given = match &newer {
            // What was given last may have been taken back, and what is configured still hold.
            Some(newer) => match self.ask(newer).await {
                Err(NoToken::REFUSED) => self.ask(&self.setting.refresh_token).await?,
                given => given?,
            },
            None => self.ask(&self.setting.refresh_token).await?,
        };
        let used = newer.as_deref().unwrap_or(&self.setting.refresh_token);
        if let Some(newest) = given.refresh_token.filter(|newest| newest != used) {
            let grant = Grant {
                tenant: self.setting.tenant.clone(),
                address: self.setting.address.clone(),
                of: self.configured().to_vec(),
                sealed: seal.seal_bytes(&self.place(), newest.as_bytes()),
            };
            store.keep_grant(&grant, now).await.map_err(|error| {
                tracing::warn!(error = error.chain(), "a new refresh token was not kept");
                NoToken::NOT_KEPT
            })?;
        }
        let token: Arc<str> = given.access_token.into();
        *known = Some((token.clone(), good_until(given.expires_in, now)));
        Ok(token)
    }

    /// A server did not take this token: the next one is a new one.
    pub async fn forget(&self, token: &str) {
        let mut known = self.known.lock().await;
        if known.as_ref().is_some_and(|(known, _)| **known == *token) {
            *known = None;
        }
    }

    /// A refresh token that came after the one that is configured.
    async fn newer(&self, store: &Store, seal: &Seal) -> Result<Option<String>, NoToken> {
        let found = store.grant(&self.setting.tenant, &self.setting.address).await;
        let found = found.map_err(|_| NoToken::NOT_KEPT)?;
        let Some(grant) = found.filter(|grant| grant.of == self.configured()) else {
            return Ok(None);
        };
        // Sealed with another key than ours: what is configured has to do.
        let opened = seal.open(&self.place(), &grant.sealed).ok();
        Ok(opened.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    fn place(&self) -> String {
        format!("refresh token of {} {}", self.setting.tenant, self.setting.address)
    }

    /// What a later refresh token stands for.
    fn configured(&self) -> [u8; 32] {
        let words = [
            &self.setting.token_url,
            &self.setting.client_id,
            &self.setting.refresh_token,
        ];
        Sha256::digest(words.map(String::as_str).join("\n")).into()
    }

    /// What is asked for, as a form.
    fn form(&self, refresh_token: &str) -> String {
        let Setting {
            client_id,
            client_secret,
            scope,
            ..
        } = &self.setting;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", refresh_token)
            .append_pair("client_id", client_id);
        for (name, value) in [("client_secret", client_secret), ("scope", scope)] {
            if !value.is_empty() {
                form.append_pair(name, value);
            }
        }
        form.finish()
    }

    async fn ask(&self, refresh_token: &str) -> Result<Given, NoToken> {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let body = Bytes::from(self.form(refresh_token));
        let answer = self.egress.ask(&self.target, headers, body, ANSWER_MAX).await;
        let (answer, body) = answer.map_err(|failure| {
            tracing::debug!(?failure, "a token endpoint was not reached");
            NoToken::SERVER
        })?;
        read(answer.status, &body)
    }
}

/// Reads an answer.
fn read(status: u16, body: &[u8]) -> Result<Given, NoToken> {
    match status {
        200..=299 => match serde_json::from_slice::<Given>(body) {
            Ok(given)
                if !given.access_token.is_empty() && given.access_token.bytes().all(|byte| byte.is_ascii_graphic()) =>
            {
                Ok(given)
            }
            _ => Err(NoToken::SERVER),
        },
        400 | 401 | 403 => Err(NoToken::REFUSED),
        _ => Err(NoToken::SERVER),
    }
}

fn good_until(expires_in: Option<i64>, now: DateTime<Utc>) -> DateTime<Utc> {
    let holds = expires_in.filter(|seconds| (1..=31_536_000).contains(seconds));
    let holds = holds.map_or(USUAL, TimeDelta::seconds);
    // Half of what holds shortly.
    now + (holds - SPARE).max(holds / 2)
}

/// What SASL's XOAUTH2 says.
pub fn xoauth2(user: &str, token: &str) -> String {
    format!("user={user}\x01auth=Bearer {token}\x01\x01")
}

/// What SASL's OAUTHBEARER says (RFC 7628).
pub fn oauthbearer(user: &str, host: &str, port: u16, token: &str) -> String {
    let user = user.replace('=', "=3D").replace(',', "=2C");
    format!("n,a={user},\x01host={host}\x01port={port}\x01auth=Bearer {token}\x01\x01")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).expect("valid")
    }

    #[test]
    fn an_answer_is_a_token_or_says_who_has_to_do_something() {
        let given = read(
            200,
            br#"{"access_token":"a.b","expires_in":3599,"token_type":"Bearer","scope":"x"}"#,
        );
        let given = given.expect("a token");
        assert_eq!(
            (given.access_token.as_str(), given.expires_in, given.refresh_token),
            ("a.b", Some(3599), None)
        );
        for (status, body, why) in [
            (400, r#"{"error":"invalid_grant"}"#, NoToken::REFUSED),
            (401, r#"{"error":"invalid_client"}"#, NoToken::REFUSED),
            (200, r#"{"access_token":""}"#, NoToken::SERVER),
            (200, r#"{"access_token":"a\r\nb"}"#, NoToken::SERVER),
            (200, "<html>", NoToken::SERVER),
            (302, "", NoToken::SERVER),
            (503, "", NoToken::SERVER),
        ] {
            assert_eq!(read(status, body.as_bytes()).err(), Some(why), "{status} {body}");
        }
    }

    #[test]
    fn a_token_is_not_used_to_its_last_second() {
        let seconds = |expires_in| (good_until(expires_in, at(0)) - at(0)).num_seconds();
        let all = [Some(3_600), Some(60), None, Some(-1), Some(i64::MAX)].map(seconds);
        assert_eq!(all, [3_480, 30, 1_680, 1_680, 1_680]);
    }

    #[test]
    fn what_is_said_is_what_the_rules_say() {
        assert_eq!(
            xoauth2("a@x.example", "t"),
            "user=a@x.example\u{1}auth=Bearer t\u{1}\u{1}"
        );
        assert_eq!(
            oauthbearer("a,b=c@x.example", "imap.x.example", 993, "t"),
            "n,a=a=2Cb=3Dc@x.example,\u{1}host=imap.x.example\u{1}port=993\u{1}auth=Bearer t\u{1}\u{1}"
        );
    }
}
