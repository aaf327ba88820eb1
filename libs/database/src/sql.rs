//! Text of statements that take many parameters.

use crate::Engine;

/// `(…), (…)`: the places of `rows` × `columns` parameters, in order, from the first one on.
///
/// SQLite gets `?`: it looks for numbered places one by one, which takes seconds for some ten thousand of them.
pub(crate) fn rows(engine: Engine, rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 7);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        text.push_str(&places(engine, row * columns + 1, columns));
        text.push(')');
    }
    text
}

/// `…, …`: the places of `count` parameters, the first of which is number `first`.
pub(crate) fn places(engine: Engine, first: usize, count: usize) -> String {
    let places: Vec<String> = (first..first + count)
        .map(|place| match engine {
            Engine::Sqlite => "?".to_owned(),
            Engine::Postgres => format!("${place}"),
        })
        .collect();
    places.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbered_through_on_postgres_only() {
        assert_eq!(rows(Engine::Postgres, 2, 2), "($1, $2), ($3, $4)");
        assert_eq!(rows(Engine::Sqlite, 2, 2), "(?, ?), (?, ?)");
        assert_eq!(places(Engine::Postgres, 3, 2), "$3, $4");
    }
}
