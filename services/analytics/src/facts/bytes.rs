//! Facts as bytes and back: small numbers in few bytes, no names of fields. What was written by another version of a type is
//! never read: the manifest says which version wrote a file.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes that nothing of ours wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes are no facts")
    }
}

impl std::error::Error for Broken {}

/// Something that can be written and read again.
pub trait Keep: Sized {
    /// Appends it.
    fn write(&self, out: &mut Vec<u8>);

    /// Takes it from the front.
    fn read(input: &mut &[u8]) -> Result<Self, Broken>;
}

/// Takes `many` bytes from the front.
pub fn take<'i>(input: &mut &'i [u8], many: usize) -> Result<&'i [u8], Broken> {
    let (front, rest) = input.split_at_checked(many).ok_or(Broken)?;
    *input = rest;
    Ok(front)
}

/// Seven bits a byte, the lowest first.
pub fn write_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// As [`write_number`].
pub fn read_number(input: &mut &[u8]) -> Result<u64, Broken> {
    let mut number = 0_u64;
    for place in 0..10 {
        let [byte] = take(input, 1)? else { return Err(Broken) };
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Broken)
}

/// Something of `serde`, with its names: for the few things that have no compact form here.
pub fn write_json<T: Serialize>(value: &T, out: &mut Vec<u8>) {
    // These types have no maps with keys that JSON cannot have; should one ever fail, reading fails and the feed is read instead.
    let json = serde_json::to_string(value).unwrap_or_default();
    json.write(out);
}

/// As [`write_json`].
pub fn read_json<T: DeserializeOwned>(input: &mut &[u8]) -> Result<T, Broken> {
    serde_json::from_str(&String::read(input)?).map_err(|_| Broken)
}

impl Keep for u64 {
    fn write(&self, out: &mut Vec<u8>) {
        write_number(*self, out);
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        read_number(input)
    }
}

impl Keep for i64 {
    fn write(&self, out: &mut Vec<u8>) {
        write_number(((*self << 1) ^ (*self >> 63)) as u64, out);
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        let number = read_number(input)?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }
}

macro_rules! keep_narrow {
    ($($narrow:ty),*) => {$(
        impl Keep for $narrow {
            fn write(&self, out: &mut Vec<u8>) {
                write_number(u64::from(*self), out);
            }

            fn read(input: &mut &[u8]) -> Result<Self, Broken> {
                Self::try_from(read_number(input)?).map_err(|_| Broken)
            }
        }
    )*};
}

keep_narrow!(u8, u16, u32);

impl Keep for usize {
    fn write(&self, out: &mut Vec<u8>) {
        write_number(*self as u64, out);
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        Self::try_from(read_number(input)?).map_err(|_| Broken)
    }
}

impl Keep for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        match take(input, 1)? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(Broken),
        }
    }
}

impl Keep for () {
    fn write(&self, _: &mut Vec<u8>) {}

    fn read(_: &mut &[u8]) -> Result<Self, Broken> {
        Ok(())
    }
}

impl Keep for f64 {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.to_le_bytes());
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        Ok(Self::from_le_bytes(take(input, 8)?.try_into().map_err(|_| Broken)?))
    }
}

impl Keep for f32 {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.to_le_bytes());
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        Ok(Self::from_le_bytes(take(input, 4)?.try_into().map_err(|_| Broken)?))
    }
}

impl Keep for String {
    fn write(&self, out: &mut Vec<u8>) {
        self.len().write(out);
        out.extend(self.as_bytes());
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        let many = usize::read(input)?;
        let bytes = take(input, many)?;
        Ok(std::str::from_utf8(bytes).map_err(|_| Broken)?.to_owned())
    }
}

impl<T: Keep> Keep for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.is_some().write(out);
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        Ok(if bool::read(input)? {
            Some(T::read(input)?)
        } else {
            None
        })
    }
}

impl<T: Keep> Keep for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.len().write(out);
        self.iter().for_each(|value| value.write(out));
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        let many = usize::read(input)?;
        // What is broken may claim any length: memory is taken as values come.
        let mut values = Vec::with_capacity(many.min(1_024));
        for _ in 0..many {
            values.push(T::read(input)?);
        }
        values.shrink_to_fit();
        Ok(values)
    }
}

impl<T: Keep + Clone> Keep for Box<[T]> {
    fn write(&self, out: &mut Vec<u8>) {
        self.len().write(out);
        self.iter().for_each(|value| value.write(out));
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        Ok(Vec::read(input)?.into_boxed_slice())
    }
}

impl<A: Keep, B: Keep> Keep for (A, B) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        Ok((A::read(input)?, B::read(input)?))
    }
}

impl<A: Keep, B: Keep, C: Keep> Keep for (A, B, C) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
        self.2.write(out);
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        Ok((A::read(input)?, B::read(input)?, C::read(input)?))
    }
}

/// A type of words, each with its byte.
macro_rules! keep_words {
    ($words:ty: $($word:ident = $code:literal),+ $(,)?) => {
        impl $crate::facts::bytes::Keep for $words {
            fn write(&self, out: &mut Vec<u8>) {
                out.push(match self {
                    $(Self::$word => $code,)+
                });
            }

            fn read(input: &mut &[u8]) -> Result<Self, $crate::facts::bytes::Broken> {
                match $crate::facts::bytes::take(input, 1)? {
                    $([$code] => Ok(Self::$word),)+
                    _ => Err($crate::facts::bytes::Broken),
                }
            }
        }
    };
}

/// A type of fields, one after the other.
macro_rules! keep_fields {
    ($fields:ty: $($field:ident),+ $(,)?) => {
        impl $crate::facts::bytes::Keep for $fields {
            fn write(&self, out: &mut Vec<u8>) {
                $(self.$field.write(out);)+
            }

            fn read(input: &mut &[u8]) -> Result<Self, $crate::facts::bytes::Broken> {
                $(let $field = $crate::facts::bytes::Keep::read(input)?;)+
                Ok(Self { $($field),+ })
            }
        }
    };
}

pub(super) use {keep_fields, keep_words};
