//! Puts generated tables between the marks of a text: `<!-- table NETWORK… -->` and `<!-- end of table -->`.

use purge_unlearning::{Error, Result};

const BEGIN: &str = "<!-- table ";
const CLOSE: &str = " -->";
const END: &str = "<!-- end of table -->";

/// The text with what `table` gives in each of its places; where it gives nothing, what is there stays. `file` is for errors.
pub fn inserted(file: &str, text: &str, table: impl Fn(&[&str]) -> Option<String>) -> Result<String> {
    let broken = |expected: &str, found: &str| Error::config(file, expected, found);
    let (mut done, mut rest) = (String::new(), text);
    let mut count = 0;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (names, after) = after.split_once(CLOSE).ok_or_else(|| broken("\" -->\" after \"<!-- table \"", "none"))?;
        let (old, after) = after.split_once(END).ok_or_else(|| broken(END, &format!("none after {names}")))?;
        let names_of: Vec<&str> = names.split_whitespace().collect();
        let new = table(&names_of).map(|table| format!("\n{table}"));
        count += usize::from(new.is_some());
        done += &format!("{before}{BEGIN}{names}{CLOSE}{}{END}", new.as_deref().unwrap_or(old));
        rest = after;
    }
    if count == 0 {
        return Err(broken("<!-- table NETWORK --> of a network that there are results of", "none"));
    }
    Ok(done + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_the_marks_is_replaced_and_nothing_else() {
        let text = "a\n<!-- table one -->\nold\n<!-- end of table -->\nb\n<!-- table two three -->\n<!-- end of table -->\nc\n";
        let table = |names: &[&str]| Some(format!("{names:?}\n")).filter(|_| names != ["one"]);
        let new = inserted("FILE", text, table).unwrap();
        assert_eq!(
            new,
            "a\n<!-- table one -->\nold\n<!-- end of table -->\nb\n<!-- table two three -->\n[\"two\", \"three\"]\n<!-- end of table -->\nc\n"
        );
        assert_eq!(inserted("FILE", &new, table).unwrap(), new, "once more changes nothing");

        let wrong = |text: &str| inserted("FILE", text, table).unwrap_err().to_string();
        assert!(wrong("nothing here").starts_with("FILE: expected <!-- table NETWORK -->"));
        assert!(wrong("<!-- table two -->\n").contains("expected <!-- end of table -->, found none after two"));
        assert!(wrong("<!-- table two").contains(" -->"));
    }
}
