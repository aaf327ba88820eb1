//! The `main` of a service's own binary.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use tokio::signal::unix::{SignalKind, signal};
use vorrang_error::Error;

use crate::bound::{Bind, Bound};
use crate::config::Config;
use crate::context::Context;
use crate::suite::Suite;

#[derive(Parser)]
#[command(version, about = "One service of Vorrang", long_about = None)]
struct Arguments {
    /// TOML file with settings; else the one named by VORRANG_CONFIG, else none
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the settings in force, with secrets hidden, and end
    #[arg(long)]
    print_config: bool,
}

/// Runs one service until SIGTERM or SIGINT: reads arguments and configuration, serves, stops in order.
///
/// A start that fails prints one line per mistake to standard error and gives exit code 1.
pub fn main<F, Fut>(name: &'static str, bind: F) -> ExitCode
where
    F: FnOnce(Context) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Bound, Error>> + Send + 'static,
{
    let program = format!("vorrang-{name}");
    let matches = Arguments::command().bin_name(program.clone()).get_matches();
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(why) => why.exit(),
    };
    exit(&program, run(name, arguments, Bind::new(name, bind)))
}

fn run(name: &'static str, arguments: Arguments, bind: Bind) -> Result<(), Error> {
    let config = Config::load(arguments.config.as_deref())?;
    if arguments.print_config {
        // Whoever closed the pipe does not want the rest.
        let _ = std::io::stdout().write_all(config.print().as_bytes());
        return Ok(());
    }
    vorrang_telemetry::init(name, &config.log, &config.telemetry.otlp_endpoint)?;
    vorrang_telemetry::log_panics();
    runtime()?.block_on(async {
        let running = Suite::start(config, vorrang_clock::system(), vec![bind]).await?;
        let failed = tokio::select! {
            () = terminated() => false,
            () = running.failed() => true,
        };
        running.shutdown().await;
        match failed {
            true => Err(Error::internal("a background task panicked; see the log")),
            false => Ok(()),
        }
    })
}

/// The runtime that services run on.
///
/// Fails with Unavailable when threads cannot be started.
pub fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|why| Error::unavailable("NO_RUNTIME", format!("cannot start threads: {why}")))
}

/// Ends when the process is asked to stop by SIGTERM or SIGINT. Listens from the call on, not from the first poll: call it before
/// saying that the process is ready, since whoever hears that may stop it at once.
///
/// # Panics
/// Outside a runtime.
pub fn terminated() -> impl Future<Output = ()> {
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async move {
        let (Ok(mut term), Ok(mut int)) = signals else {
            // Without handlers the signals end the process by themselves.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    }
}

/// The exit code for `result`, after printing what went wrong to standard error as `program: what`, one line per mistake.
pub fn exit(program: &str, result: Result<(), Error>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    // Nobody is left to tell when standard error is closed.
    let _ = std::io::stderr().write_all(describe(program, &error).as_bytes());
    ExitCode::FAILURE
}

fn describe(program: &str, error: &Error) -> String {
    if error.violations().is_empty() {
        return format!("{program}: {}\n", error.chain());
    }
    let lines = error
        .violations()
        .iter()
        .map(|one| format!("{program}: {}: {}\n", one.field, one.description));
    lines.collect()
}

#[cfg(test)]
mod tests {
    use vorrang_error::Violation;

    use super::*;

    #[test]
    fn every_mistake_is_a_line() {
        let violation = |field: &str| Violation {
            field: field.to_owned(),
            description: "is wrong".to_owned(),
        };
        let error = Error::invalid(vec![violation("listen"), violation("log")]);
        assert_eq!(
            describe("vorrang", &error),
            "vorrang: listen: is wrong\nvorrang: log: is wrong\n"
        );
        let error = Error::unavailable("R", "cannot listen").caused_by("the port is taken");
        assert_eq!(
            describe("vorrang", &error),
            "vorrang: cannot listen: the port is taken\n"
        );
    }
}
