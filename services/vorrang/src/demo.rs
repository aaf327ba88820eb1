//! `vorrang demo`: the whole suite at work, on input of its own or of yours, with an honest count at the end.
//!
//! Keeps nothing: its data lies in a temporary folder that goes with it.

mod agents;
mod desk;
mod doors;
mod figures;
mod fixtures;
mod folder;
mod http;
mod knowledge;
mod next;
mod order;
mod scene;
mod shift;
mod stage;
mod summary;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use vorrang_error::Error;

use crate::table::Paint;
use scene::Input;
use stage::Stage;

#[derive(Args)]
pub struct DemoArgs {
    /// Ends after the figures instead of staying up.
    #[arg(long)]
    once: bool,
    /// Pushes the mails of this folder, and nothing else.
    #[arg(long, value_name = "FOLDER")]
    mail: Option<PathBuf>,
    /// Pushes the payloads of this folder over HTTP, signed as the vendor of the preset does, and nothing else.
    #[arg(long, num_args = 2, value_names = ["PRESET", "FOLDER"], conflicts_with = "mail")]
    push: Option<Vec<String>>,
}

/// Exit code 0 only when nothing was lost, served out of order or left unanswered.
pub fn run(args: DemoArgs) -> Result<ExitCode, Error> {
    let input = Input::of(args.mail, args.push)?;
    let paint = Paint::for_stdout();
    crate::block_on(async move {
        let stage = Stage::set(args.once).await?;
        let result = play(&stage, input, args.once, paint).await;
        stage.strike().await;
        result
    })
}

async fn play(stage: &Stage, input: Input, once: bool, paint: Paint) -> Result<ExitCode, Error> {
    println!(
        "{}  five services in one process on {}\n",
        paint.bold("Vorrang"),
        stage.desk.address
    );
    let mut pushes = scene::push(stage, input, paint).await?;
    let served = shift::work(stage, &mut pushes, paint).await?;
    let summary = shift::account(&stage.desk, &pushes, &served).await?;
    println!("{}", paint.bold("How it went"));
    println!("{}", figures::show(&stage.desk, scene::period(stage), paint).await?);
    if !once {
        println!("{}", next::commands(&stage.desk, stage.admin(), paint));
        println!("The suite stays up until Ctrl-C; its data goes with it.\n");
    }
    println!("{summary}");
    if !once {
        stage.until_told_to_stop().await;
    }
    Ok(if summary.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
