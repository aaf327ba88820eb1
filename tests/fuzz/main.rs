//! X1 every day: real inputs, changed at random, for everything that reads strangers' bytes. No panic, no promise broken, no 64 MiB.
//!
//! Much longer and led by coverage: `tests/fuzz/run`.

mod mutate;
mod seeds;
mod targets;

use mutate::Mutator;

/// Inputs for each target; with `VORRANG_FULL=1` a hundred times as many.
const INPUTS: usize = 1_500;
const PEAK_MAX_KIB: u64 = 64 << 10;

/// One test, since the memory of the process is what is measured.
#[test]
fn no_input_breaks_a_promise_or_takes_much_memory() {
    let full = std::env::var_os("VORRANG_FULL").is_some_and(|value| !value.is_empty() && value != "0");
    let inputs = if full { INPUTS * 100 } else { INPUTS };
    for (name, target) in targets::ALL {
        let seeds = seeds::of(name);
        assert!(
            !seeds.is_empty(),
            "{name}: without real inputs random ones reach nothing"
        );
        // What is made once, and the seeds as they are.
        for seed in &seeds {
            target(seed);
        }
        let mut mutator = Mutator::new(&seeds);
        let before = memory::reset_peak_kib();
        for number in 0..inputs {
            let input = mutator.input();
            if let Err(panic) = std::panic::catch_unwind(|| target(&input)) {
                let file = std::env::temp_dir().join(format!("vorrang-fuzz-{name}-{number}"));
                std::fs::write(&file, &input).expect("the temporary folder must be writable");
                eprintln!("{name}: the input is in {}", file.display());
                std::panic::resume_unwind(panic);
            }
        }
        let peak = memory::peak_kib().saturating_sub(before);
        println!(
            "{name}: {} seeds, {inputs} inputs, {peak} KiB more at most",
            seeds.len()
        );
        assert!(peak <= PEAK_MAX_KIB, "{name} took {peak} KiB");
    }
}

/// What the kernel says of this process.
mod memory {
    fn status(field: &str) -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
        let line = status.lines().find(|line| line.starts_with(field));
        let value = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
        value.expect("a number of KiB")
    }

    /// Forgets the highest one so far; gives what is taken now.
    pub fn reset_peak_kib() -> u64 {
        std::fs::write("/proc/self/clear_refs", "5").expect("a process may forget its own peak");
        status("VmRSS:")
    }

    pub fn peak_kib() -> u64 {
        status("VmHWM:")
    }
}
