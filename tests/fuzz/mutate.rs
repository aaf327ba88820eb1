//! Random changes of real inputs. The same ones in every run, so that a failure comes again.

/// Longest input: larger ones are what the tests of limits are about.
const LONGEST: usize = 256 << 10;

pub struct Mutator<'a> {
    seeds: &'a [Vec<u8>],
    state: u64,
}

impl<'a> Mutator<'a> {
    pub fn new(seeds: &'a [Vec<u8>]) -> Self {
        Self { seeds, state: 1 }
    }

    /// The next input: a seed with one to eight changes.
    pub fn input(&mut self) -> Vec<u8> {
        let mut input = self.seed().to_vec();
        for _ in 0..=self.below(8) {
            self.change(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        match self.below(8) {
            0 => input.insert(at, self.byte()),
            1 if at < input.len() => input[at] ^= 1 << self.below(8),
            2 if at < input.len() => input[at] = [0, 0x7f, 0x80, 0xff, b'"', b'<', b'\n', b'='][self.below(8)],
            3 => input.truncate(at),
            4 => {
                let to = input.len().min(at + self.below(64));
                input.drain(at..to);
            }
            // The same piece many times: what is quadratic shows itself.
            5 => {
                let to = input.len().min(at + 1 + self.below(64));
                let piece = input[at..to].repeat(1 + self.below(400));
                input.splice(at..at, piece);
            }
            6 => {
                let other = self.seed();
                let from = self.below(other.len() + 1);
                let to = other.len().min(from + self.below(200));
                input.splice(at..at, other[from..to].iter().copied());
            }
            _ => {
                let to = self.below(input.len() + 1);
                if at < input.len() && to < input.len() {
                    input.swap(at, to);
                }
            }
        }
    }

    fn seed(&mut self) -> &'a [u8] {
        &self.seeds[self.below(self.seeds.len())]
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).expect("a byte")
    }

    /// A number below `end`, by Knuth's generator.
    fn below(&mut self, end: usize) -> usize {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).expect("31 bits") % end.max(1)
    }
}
