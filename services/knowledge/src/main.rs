//! Knowledge as a process of its own.

fn main() -> std::process::ExitCode {
    vorrang_service::main("knowledge", vorrang_knowledge::bind)
}
