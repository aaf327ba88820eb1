//! Analytics as a process of its own.

fn main() -> std::process::ExitCode {
    vorrang_service::main("analytics", vorrang_analytics::bind)
}
