//! `vorrang up`: all five services in one process, on one port.

use std::process::ExitCode;

use vorrang_error::Error;
use vorrang_service::{Bind, Config, Running, Suite, terminated};

use crate::Settings;

/// Starts all services.
///
/// Fails, with one sentence that says what to do, as [`Suite::start`] does.
pub async fn start(config: Config) -> Result<Running, Error> {
    let everything = vec![
        Bind::new("ticketing", vorrang_ticketing::bind),
        Bind::new("ingestion", vorrang_ingestion::bind),
        Bind::new("routing", vorrang_routing::bind),
        Bind::new("knowledge", vorrang_knowledge::bind),
        Bind::new("analytics", vorrang_analytics::bind),
    ];
    Suite::start(config, vorrang_clock::system(), everything).await
}

/// Runs until SIGTERM or SIGINT, or until a service fails.
pub fn run(settings: &Settings) -> Result<ExitCode, Error> {
    let Some(config) = settings.load()? else {
        return Ok(ExitCode::SUCCESS);
    };
    crate::block_on(async move {
        let running = start(config).await?;
        let told_to_stop = terminated();
        // For people and scripts that wait for it; everything else that is written is a log line.
        eprintln!("vorrang: ready on {}", running.url());
        let failed = tokio::select! {
            () = told_to_stop => false,
            () = running.failed() => true,
        };
        running.shutdown().await;
        match failed {
            true => Err(Error::internal("a background task panicked; see the log")),
            false => Ok(ExitCode::SUCCESS),
        }
    })
}
