//! "Did you mean": the known names that are closest to a wrong one.

/// Most names that are proposed.
const PROPOSED_MAX: usize = 3;
/// More wrong letters are no slip.
const FAR_MAX: usize = 3;
/// Longer names are not compared: the cost of a comparison is the product of the lengths.
const COMPARED_MAX: usize = 64;

/// A clause that names what is closest, or what there is when nothing is close; empty when there is nothing.
pub fn hint<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    let mut close: Vec<(usize, &str)> = known
        .iter()
        .filter_map(|name| distance(wrong, name).map(|far| (far, *name)))
        .collect();
    close.sort_unstable();
    close.truncate(PROPOSED_MAX);
    if !close.is_empty() {
        let names: Vec<String> = close.iter().map(|(_, name)| format!("`{name}`")).collect();
        return format!("; did you mean {}?", names.join(" or "));
    }
    match known.len() {
        0 => String::new(),
        1..=8 => {
            let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            format!("; there are {}", names.join(", "))
        }
        _ => String::new(),
    }
}

/// How many letters lie between the two, ignoring case; none when they are too different to be a slip.
fn distance(wrong: &str, known: &str) -> Option<usize> {
    if wrong.len() > COMPARED_MAX || known.len() > COMPARED_MAX {
        return None;
    }
    let wrong: Vec<char> = wrong.to_lowercase().chars().collect();
    let name: Vec<char> = known.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=name.len()).collect();
    for (index, letter) in wrong.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, other) in name.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    let far = row[name.len()];
    (far <= (1 + wrong.len().min(name.len()) / 4).min(FAR_MAX)).then_some(far)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_guesses_are_not_made() {
        let names = ["state", "sub_state", "assignee"];
        assert_eq!(hint("stat", names.into_iter()), "; did you mean `state`?");
        assert_eq!(hint("asignee", names.into_iter()), "; did you mean `assignee`?");
        assert_eq!(hint("STATE", names.into_iter()), "; did you mean `state`?");
        assert_eq!(
            hint("colour", names.into_iter()),
            "; there are `state`, `sub_state`, `assignee`"
        );
        assert_eq!(hint(&"x".repeat(4000), std::iter::empty()), "");
    }
}
