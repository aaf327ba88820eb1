//! Ingestion in a process of its own.

fn main() -> std::process::ExitCode {
    vorrang_service::main("ingestion", vorrang_ingestion::bind)
}
