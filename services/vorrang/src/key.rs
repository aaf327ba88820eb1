//! `vorrang key`: API keys. They live in the database, so this works whether the suite is up or not.

use std::process::ExitCode;

use chrono::TimeDelta;
use clap::{Args, Subcommand};
use vorrang_error::Error;
use vorrang_identity::{Key, Keys, NewKey, Scope, Scopes};
use vorrang_service::{Secrets, open_keys};

use crate::Settings;
use crate::table::{Align, Paint, Table};

#[derive(Args)]
pub struct KeyArgs {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Subcommand)]
enum KeyCommand {
    /// Makes a key and prints it; it cannot be shown again.
    Create {
        /// The tenant whose data the key opens.
        #[arg(long)]
        tenant: String,
        /// What the key may do; may be given several times or separated by commas.
        #[arg(long = "scope", required = true, value_delimiter = ',', value_parser = scope)]
        scopes: Vec<Scope>,
        /// What it is for, to recognise it later.
        #[arg(long, default_value = "")]
        label: String,
        /// After how many days it ends; without it, never.
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..))]
        days: Option<u16>,
    },
    /// Lists keys, without their secrets.
    List {
        /// Only this tenant's.
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Makes a key invalid, within seconds and for ever.
    Revoke {
        /// The tenant of the key.
        #[arg(long)]
        tenant: String,
        /// The key's id, as `list` shows it.
        id: String,
    },
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::EVERY
        .iter()
        .copied()
        // A key with it could act for every tenant; only services of the suite do, with tokens of their own.
        .filter(|scope| *scope != Scope::Internal)
        .find(|scope| scope.as_str() == text)
        .ok_or_else(|| {
            let known = Scope::EVERY.iter().filter(|scope| **scope != Scope::Internal);
            format!(
                "the scopes are: {}",
                known.map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")
            )
        })
}

pub fn run(args: &KeyArgs) -> Result<ExitCode, Error> {
    let Some(config) = args.settings.load()? else {
        return Ok(ExitCode::SUCCESS);
    };
    crate::block_on(async move {
        let secrets = Secrets::load(&config)?;
        let keys = open_keys(&config, &secrets, vorrang_clock::system()).await?;
        match &args.command {
            KeyCommand::Create {
                tenant,
                scopes,
                label,
                days,
            } => create(&keys, tenant, scopes, label, *days).await?,
            KeyCommand::List { tenant } => list(&keys, tenant.as_deref()).await?,
            KeyCommand::Revoke { tenant, id } => {
                let key = keys.revoke(tenant, id).await?;
                println!("{} is revoked", key.id);
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn create(keys: &Keys, tenant: &str, scopes: &[Scope], label: &str, days: Option<u16>) -> Result<(), Error> {
    let now = vorrang_clock::system().now();
    let new = NewKey {
        tenant: tenant.to_owned(),
        label: label.to_owned(),
        scopes: Scopes::of(scopes),
        expires_at: days.map(|days| now + TimeDelta::days(days.into())),
    };
    let (_, secret) = keys.create(new).await?;
    // Alone on its line, so that a script can take it as it is.
    println!("{secret}");
    Ok(())
}

async fn list(keys: &Keys, tenant: Option<&str>) -> Result<(), Error> {
    let now = vorrang_clock::system().now();
    let columns = ["id", "tenant", "label", "scopes", "state", "last used"].map(|name| (name, Align::Left));
    let mut table = Table::new(&columns);
    for key in keys.list(tenant).await? {
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        let used = key
            .last_used_at
            .map_or("never".to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string());
        table.row(vec![
            key.id.clone().into(),
            key.tenant.clone().into(),
            key.label.clone().into(),
            scopes.join(",").into(),
            state(&key, now).into(),
            used.into(),
        ]);
    }
    print!("{}", table.render(Paint::for_stdout()));
    Ok(())
}

fn state(key: &Key, now: chrono::DateTime<chrono::Utc>) -> String {
    match (key.revoked_at, key.expires_at) {
        (Some(_), _) => "revoked".to_owned(),
        (None, Some(at)) if at <= now => "expired".to_owned(),
        (None, Some(at)) => format!("valid until {}", at.format("%Y-%m-%d")),
        (None, None) => "valid".to_owned(),
    }
}
