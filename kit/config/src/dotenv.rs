//! Reads `.env`: `NAME=value` a line, as shells and compose files know it.
//!
//! Unquoted values end at the line's end or at ` #`; single quotes take everything literally; double quotes
//! know `\n`, `\r`, `\t`, `\"`, `\\` and `\$`. Quoted values may span lines, as PEM keys do. Nothing is expanded: a
//! `$` is a `$`.

/// An assignment and the line on which it begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) line: usize,
}

/// The assignments, and the lines that are none with what is wrong there.
pub(crate) fn parse(text: &str) -> (Vec<Assignment>, Vec<(usize, &'static str)>) {
    let mut assignments = Vec::new();
    let mut wrong = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rest = text;
    while !rest.is_empty() {
        let line = 1 + text[..text.len() - rest.len()].matches('\n').count();
        let (statement, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let trimmed = statement.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            rest = after;
            continue;
        }
        match assignment(rest) {
            Ok((name, value, after)) => {
                assignments.push(Assignment { name, value, line });
                rest = after;
            }
            Err(message) => {
                wrong.push((line, message));
                rest = after;
            }
        }
    }
    (assignments, wrong)
}

/// Name, value and what follows the assignment at the beginning of `text`.
fn assignment(text: &str) -> Result<(String, String, &str), &'static str> {
    const NO_NAME: &str = "expected `NAME=value`";
    let text = text.trim_start();
    let text = text.strip_prefix("export ").map_or(text, str::trim_start);
    let name_end = text
        .find(['=', '\n'])
        .filter(|end| text[*end..].starts_with('='))
        .ok_or(NO_NAME)?;
    let name = text[..name_end].trim_end();
    if name.is_empty()
        || !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return Err(NO_NAME);
    }
    let value = text[name_end + 1..].trim_start_matches([' ', '\t']);
    let (value, after) = match value.chars().next() {
        Some('\'') => {
            let (literal, after) = value[1..].split_once('\'').ok_or("a quote is not closed")?;
            (literal.to_owned(), rest_of_line(after)?)
        }
        Some('"') => {
            let (unescaped, after) = double_quoted(&value[1..])?;
            (unescaped, rest_of_line(after)?)
        }
        _ => {
            let (line, after) = value.split_once('\n').unwrap_or((value, ""));
            let comment = if line.starts_with('#') {
                Some(0)
            } else {
                line.find(" #").or_else(|| line.find("\t#"))
            };
            (line[..comment.unwrap_or(line.len())].trim_end().to_owned(), after)
        }
    };
    Ok((name.to_owned(), value, after))
}

fn double_quoted(text: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => match chars.next().map(|(_, escaped)| escaped) {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(literal @ ('"' | '\\' | '$')) => value.push(literal),
                Some(other) => value.extend(['\\', other]),
                None => break,
            },
            other => value.push(other),
        }
    }
    Err("a quote is not closed")
}

/// What follows a closing quote: a comment at most.
fn rest_of_line(text: &str) -> Result<&str, &'static str> {
    let (line, after) = text.split_once('\n').unwrap_or((text, ""));
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        Ok(after)
    } else {
        Err("something follows the closing quote")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let (assignments, wrong) = parse(text);
        assert_eq!(wrong, [], "{text}");
        assignments
            .into_iter()
            .map(|assignment| (assignment.name, assignment.value))
            .collect()
    }

    #[test]
    fn values_are_plain_or_quoted() {
        let text = "# talk\n\nA=1\nexport B = two words  # talk\r\nC='a # b \\n'\nD=\"x\\n\\\"y\\\"\" # talk\nE=\nF=a#b\nG=# none\n";
        let expected = [
            ("A", "1"),
            ("B", "two words"),
            ("C", "a # b \\n"),
            ("D", "x\n\"y\""),
            ("E", ""),
            ("F", "a#b"),
            ("G", ""),
        ];
        assert_eq!(
            pairs(text),
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn a_quoted_value_may_span_lines() {
        let (assignments, wrong) = parse("KEY=\"-----BEGIN\nabc\n-----END\"\nNEXT=1");
        assert_eq!(wrong, []);
        assert_eq!(assignments[0].value, "-----BEGIN\nabc\n-----END");
        assert_eq!((assignments[1].name.as_str(), assignments[1].line), ("NEXT", 4));
    }

    #[test]
    fn a_wrong_line_is_named_and_the_others_are_read() {
        let (assignments, wrong) = parse("no assignment\nA-B=1\nC='open\nD=\"a\"b\nE=1\n");
        let lines: Vec<usize> = wrong.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 2, 3, 4]);
        assert_eq!(
            assignments,
            [Assignment {
                name: "E".into(),
                value: "1".into(),
                line: 5
            }]
        );
    }
}
