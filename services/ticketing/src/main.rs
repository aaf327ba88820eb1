//! Ticketing as a process of its own.

fn main() -> std::process::ExitCode {
    vorrang_service::main("ticketing", vorrang_ticketing::bind)
}
