//! The binary as whoever runs it meets it: started, misconfigured, killed.

mod commands;
mod imports;
mod killed;
mod kpis;
mod refusals;
mod restored;
mod vorrang;
