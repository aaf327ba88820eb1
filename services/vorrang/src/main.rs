//! The suite in one binary: all five services in one process, and the commands of whoever runs them.

mod demo;
mod figure;
mod import;
mod key;
mod kpi;
mod kpi_check;
mod mail;
mod migrate;
mod preset;
mod table;
mod up;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use vorrang_error::Error;
use vorrang_service::Config;

/// Vorrang: a customer-service backbone.
#[derive(Parser)]
#[command(name = "vorrang", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs all five services in this process, until it is told to stop.
    Up(Settings),
    /// Brings the databases to the schema of this version.
    Migrate(migrate::MigrateArgs),
    /// Makes, lists and revokes API keys.
    Key(key::KeyArgs),
    /// Prints what ingestion reads from mails: one JSON line a file.
    Mail(mail::MailArgs),
    /// Checks presets and shows what they read from payloads.
    Preset(preset::PresetArgs),
    /// Brings the tickets of another system, with their own times, into a suite that runs.
    Import(import::ImportArgs),
    /// Prints key figures of a suite that runs: as a table with their course over time, as JSON or as CSV.
    Kpi(kpi::KpiArgs),
    /// Imports worked histories into a suite of its own and compares the figures with those expected.
    KpiCheck(kpi_check::KpiCheckArgs),
    /// Starts the suite, pushes contacts through every door, lets agents work, shows the figures.
    Demo(demo::DemoArgs),
}

/// Where the configuration comes from.
#[derive(Args)]
pub struct Settings {
    /// TOML file with settings; without it VORRANG_CONFIG names one, and without that the defaults hold.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Prints the configuration in force, with secrets hidden, and ends.
    #[arg(long)]
    print_config: bool,
}

impl Settings {
    /// The configuration, or `None` when it was only to be printed.
    fn load(&self) -> Result<Option<Config>, Error> {
        let config = Config::load(self.config.as_deref())?;
        if self.print_config {
            print!("{}", config.print());
            return Ok(None);
        }
        Ok(Some(config))
    }
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Up(settings) => up::run(&settings),
        Command::Migrate(args) => migrate::run(&args),
        Command::Key(args) => key::run(&args),
        Command::Mail(args) => mail::run(&args),
        Command::Preset(args) => preset::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Kpi(args) => kpi::run(&args),
        Command::KpiCheck(args) => kpi_check::run(&args),
        Command::Demo(args) => demo::run(args),
    };
    result.unwrap_or_else(|error| vorrang_service::exit("vorrang", Err(error)))
}

/// Runs `work` on a runtime of its own.
fn block_on<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    vorrang_service::runtime()?.block_on(work)
}
