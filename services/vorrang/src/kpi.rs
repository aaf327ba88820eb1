//! `vorrang kpi`: key figures of a suite that runs, for people and for programs.

mod arguments;
mod machine;
mod series;
mod sparkline;
mod totals;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use vorrang_api::analytics::v1::{Comparison, Kpi, KpiRow, ListKpisRequest, QueryKpisRequest};
use vorrang_client::Client;
use vorrang_error::Error;

use crate::table::{Align, Paint, Table, shorten};
use arguments::{Filter, Question};

/// Rows of a page.
const PAGE: i32 = 5_000;
/// Columns of a formula in the list.
const FORMULA: usize = 90;

const EXAMPLES: &str = "\
Examples:
  vorrang kpi                                   lists the figures there are
  vorrang kpi csat nps --from 2026-11-01        two figures since November began
  vorrang kpi first_response_time --by channel --grain day --zone Europe/Berlin
  vorrang kpi tickets_created --compare previous-period --csv > tickets.csv";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct KpiArgs {
    /// Ids of figures, or `id/variant`; all with one variant. None: lists the figures there are.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// First day of the period, or an instant (RFC 3339). Without it: 30 days before its end.
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// First day after the period, or an instant. Without it: tomorrow.
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// Splits by dimensions, for example `channel,agent`.
    #[arg(long, value_name = "DIMENSIONS", value_delimiter = ',')]
    by: Vec<String>,
    /// Splits by time.
    #[arg(long, value_enum)]
    grain: Option<GrainArg>,
    /// Only what matches: `dimension=value`, or `dimension=value,value`; an empty value stands for none. May be given several times.
    #[arg(long = "filter", value_name = "FILTER", value_parser = arguments::filter)]
    filters: Vec<Filter>,
    /// IANA time zone of days, weeks, months.
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: String,
    /// Which seconds count.
    #[arg(long, value_enum, default_value = "elapsed")]
    clock: ClockArg,
    /// Earlier periods to stand beside.
    #[arg(long, value_enum, value_delimiter = ',')]
    compare: Vec<CompareArg>,
    /// The moment of asking, an instant (RFC 3339). Without it: now.
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// Prints a JSON array of rows.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Prints CSV with a head.
    #[arg(long)]
    csv: bool,
    /// Where the suite listens.
    #[arg(long, env = "VORRANG_URL", default_value = "http://127.0.0.1:7700")]
    url: String,
    /// An API key with the scope `kpis.read`.
    #[arg(long, env = "VORRANG_KEY", hide_env_values = true)]
    key: String,
}

/// How long a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GrainArg {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// Which seconds count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClockArg {
    Elapsed,
    Business,
}

/// An earlier period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompareArg {
    PreviousPeriod,
    PreviousYear,
}

/// Exit code 1 when the question is refused, with what is wrong with it.
pub fn run(args: &KpiArgs) -> Result<ExitCode, Error> {
    let question = Question::of(args, vorrang_clock::system().now())?;
    crate::block_on(async {
        let client = Client::connect(&args.url, &args.key)
            .await
            .map_err(|why| Error::unavailable("NOT_REACHED", format!("cannot reach {}: {why}", args.url)))?;
        let call = async || client.kpis().list_kpis(ListKpisRequest {}).await;
        let listed = client.retry(call).await.map_err(refused)?.into_inner().kpis;
        let text = if args.names.is_empty() {
            list(&listed, args)
        } else {
            let kpis: BTreeMap<&str, &Kpi> = listed.iter().map(|kpi| (kpi.id.as_str(), kpi)).collect();
            answer(&client, args, &question, &kpis).await?
        };
        // Whoever reads may stop early (`| head`): then there is nobody left to tell.
        let _ = std::io::stdout().lock().write_all(text.as_bytes());
        Ok(ExitCode::SUCCESS)
    })
}

async fn answer(
    client: &Client,
    args: &KpiArgs,
    question: &Question,
    kpis: &BTreeMap<&str, &Kpi>,
) -> Result<String, Error> {
    let rows = query(client, &question.request).await?;
    if args.json {
        return machine::json(&rows, question, kpis);
    }
    if args.csv {
        return Ok(machine::csv(&rows, question));
    }
    // A table tells the values of the whole period, and how they came about over time.
    let whole = match args.grain {
        None => rows.clone(),
        Some(_) => query(client, &question.whole()).await?,
    };
    let courses = series::of(&rows, question);
    Ok(totals::table(&whole, &courses, question, kpis, Paint::for_stdout()))
}

/// All pages of an answer.
async fn query(client: &Client, request: &QueryKpisRequest) -> Result<Vec<KpiRow>, Error> {
    let mut request = QueryKpisRequest {
        page_size: PAGE,
        ..request.clone()
    };
    let mut rows = Vec::new();
    loop {
        let call = async || client.kpis().query_kpis(request.clone()).await;
        let page = client.retry(call).await.map_err(refused)?.into_inner();
        rows.extend(page.rows);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(rows);
        }
    }
}

fn list(kpis: &[Kpi], args: &KpiArgs) -> String {
    if args.json {
        return machine::definitions(kpis);
    }
    let mut table = Table::new(&[
        ("figure", Align::Left),
        ("variants", Align::Left),
        ("what", Align::Left),
    ]);
    for kpi in kpis {
        table.row(vec![
            kpi.id.clone().into(),
            kpi.variants.join(", ").into(),
            shorten(&kpi.formula, FORMULA).into(),
        ]);
    }
    table.render(Paint::for_stdout())
}

fn comparison(argument: CompareArg) -> Comparison {
    match argument {
        CompareArg::PreviousPeriod => Comparison::PreviousPeriod,
        CompareArg::PreviousYear => Comparison::PreviousYear,
    }
}

fn refused(status: tonic::Status) -> Error {
    vorrang_service::peer_error("the suite", status)
}
