//! A migration's text for the database it runs on.
//!
//! Migrations are written in PostgreSQL's words. For SQLite `BIGINT` becomes `INTEGER` and `BYTEA` becomes
//! `BLOB` (the only integer and bytes that a `STRICT` table knows), `COLLATE "C"` is left out (it is how SQLite
//! compares anyway), and each table becomes `STRICT`. Where the two must differ, a line `-- sqlite:` or
//! `-- postgres:` begins a part for that database alone, until the next such line or `-- both:`.
//!
//! This is no SQL parser. It knows words, strings, quoted names and comments, which is all the above needs.

use crate::dialect::Dialect;

/// The text for one database; the error says what neither of them may contain.
pub(crate) fn for_dialect(text: &str, dialect: Dialect) -> Result<String, String> {
    let own = parts_of(text, dialect);
    let statements = statements(&own)?;
    match dialect {
        Dialect::Postgres => Ok(own),
        Dialect::Sqlite => Ok(statements.into_iter().map(Statement::for_sqlite).collect()),
    }
}

fn parts_of(text: &str, dialect: Dialect) -> String {
    let mut taken = true;
    let mut own = String::with_capacity(text.len());
    for line in text.lines() {
        match line.trim() {
            "-- sqlite:" => taken = dialect == Dialect::Sqlite,
            "-- postgres:" => taken = dialect == Dialect::Postgres,
            "-- both:" => taken = true,
            _ if taken => {
                own.push_str(line);
                own.push('\n');
            }
            _ => {}
        }
    }
    own
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token<'t> {
    Word(&'t str),
    /// A string or a quoted name, with its quotes.
    Quoted(&'t str),
    Space(&'t str),
    Sign(char),
}

#[derive(Debug, Default)]
struct Statement<'t>(Vec<Token<'t>>);

impl Statement<'_> {
    fn is_word(&self, index: usize, word: &str) -> bool {
        matches!(self.0.get(index), Some(Token::Word(text)) if text.eq_ignore_ascii_case(word))
    }

    /// The words at the beginning, without what lies between.
    fn begins_with(&self, words: &[&str]) -> bool {
        let significant = self.0.iter().filter(|token| !matches!(token, Token::Space(_)));
        let mut significant = significant.take(words.len());
        words.iter().all(
            |word| matches!(significant.next(), Some(Token::Word(text)) if text.eq_ignore_ascii_case(word)),
        )
    }

    fn for_sqlite(self) -> String {
        let is_table = self.begins_with(&["create", "table"]);
        let is_strict = (0..self.0.len()).any(|index| self.is_word(index, "strict"));
        let mut text = String::new();
        let mut index = 0;
        while let Some(token) = self.0.get(index) {
            match token {
                Token::Word(word) if word.eq_ignore_ascii_case("bigint") => text.push_str("INTEGER"),
                Token::Word(word) if word.eq_ignore_ascii_case("bytea") => text.push_str("BLOB"),
                Token::Word(word) if word.eq_ignore_ascii_case("collate") && self.collates_c(index) => {
                    index += 2;
                }
                Token::Word(word) | Token::Quoted(word) | Token::Space(word) => text.push_str(word),
                Token::Sign(sign) => text.push(*sign),
            }
            index += 1;
        }
        if is_table && !is_strict {
            let options = text.rsplit(')').next().unwrap_or_default().trim();
            let lead = if options.is_empty() { " STRICT" } else { ", STRICT" };
            text.truncate(text.trim_end().len());
            text.push_str(lead);
        }
        if !text.trim().is_empty() {
            text.push(';');
        }
        text
    }

    /// `COLLATE "C"`: the word, a space, the name.
    fn collates_c(&self, index: usize) -> bool {
        matches!(self.0.get(index + 1), Some(Token::Space(_)))
            && self.0.get(index + 2) == Some(&Token::Quoted("\"C\""))
    }
}

fn statements(text: &str) -> Result<Vec<Statement<'_>>, String> {
    let mut statements = vec![Statement::default()];
    for token in tokens(text)? {
        if let Token::Word(word) = token
            && word.eq_ignore_ascii_case("deferrable")
        {
            // It would fail at the commit, and with it every unit of the group.
            return Err("a constraint must not be deferrable".to_owned());
        }
        if token == Token::Sign(';') {
            statements.push(Statement::default());
        } else if let Some(statement) = statements.last_mut() {
            statement.0.push(token);
        }
    }
    Ok(statements)
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '-' if rest.starts_with("--") => {
                rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
                continue;
            }
            '/' if rest.starts_with("/*") => {
                let end = rest.find("*/").ok_or("a comment does not end")?;
                rest = &rest[end + 2..];
                continue;
            }
            '\'' | '"' => quoted_length(rest, first)?,
            '$' => dollar_quoted_length(rest)?,
            _ if is_word(first) => rest.find(|next| !is_word(next)).unwrap_or(rest.len()),
            _ if first.is_whitespace() => rest
                .find(|next: char| !next.is_whitespace())
                .unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(match first {
            '\'' | '"' => Token::Quoted(token),
            '$' if length > 1 => Token::Quoted(token),
            _ if is_word(first) => Token::Word(token),
            _ if first.is_whitespace() => Token::Space(token),
            _ => Token::Sign(first),
        });
        rest = after;
    }
    Ok(tokens)
}

/// A doubled quote inside is two quoted tokens side by side, which reads the same.
fn quoted_length(text: &str, quote: char) -> Result<usize, String> {
    let end = text[1..].find(quote).ok_or("a quote does not end")?;
    Ok(end + 2)
}

/// PostgreSQL's `$$ … $$` and `$name$ … $name$`, around the bodies of functions; else a lone sign.
fn dollar_quoted_length(text: &str) -> Result<usize, String> {
    let name = text[1..].find(|next| !is_word(next)).unwrap_or(text.len() - 1);
    let Some(quote) = text.get(..name + 2).filter(|quote| quote.ends_with('$')) else {
        return Ok(1);
    };
    let body = &text[quote.len()..];
    let end = body.find(quote).ok_or("a dollar quote does not end")?;
    Ok(2 * quote.len() + end)
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite(text: &str) -> String {
        for_dialect(text, Dialect::Sqlite).unwrap().trim().to_owned()
    }

    #[test]
    fn words_and_tables_become_those_of_sqlite() {
        assert_eq!(
            sqlite("CREATE TABLE a (id TEXT COLLATE \"C\" PRIMARY KEY, n bigint NOT NULL, b BYTEA);"),
            "CREATE TABLE a (id TEXT  PRIMARY KEY, n INTEGER NOT NULL, b BLOB) STRICT;"
        );
        assert_eq!(
            sqlite("create table a (n BIGINT)\nwithout rowid"),
            "create table a (n INTEGER)\nwithout rowid, STRICT;"
        );
        assert_eq!(
            sqlite("CREATE TABLE a (n INTEGER) STRICT;"),
            "CREATE TABLE a (n INTEGER) STRICT;"
        );
        assert_eq!(
            sqlite("CREATE INDEX bigint_index ON a (n);"),
            "CREATE INDEX bigint_index ON a (n);"
        );
    }

    #[test]
    fn strings_and_comments_are_not_words() {
        assert_eq!(
            sqlite("-- BIGINT; 'not closed\nINSERT INTO a VALUES ('a BIGINT; it''s', 1); /* BYTEA */"),
            "INSERT INTO a VALUES ('a BIGINT; it''s', 1);"
        );
    }

    #[test]
    fn a_part_is_for_one_database_alone() {
        let text = "SELECT 1;\n-- sqlite:\nSELECT 2;\n  -- postgres:\nSELECT 3;\n-- both:\nSELECT 4;\n";
        assert_eq!(sqlite(text), "SELECT 1;\nSELECT 2;\nSELECT 4;");
        let postgres = for_dialect(text, Dialect::Postgres).unwrap();
        assert_eq!(postgres, "SELECT 1;\nSELECT 3;\nSELECT 4;\n");
    }

    #[test]
    fn what_fails_only_at_the_commit_is_refused() {
        let text = "CREATE TABLE a (b TEXT REFERENCES c DEFERRABLE INITIALLY DEFERRED);";
        assert!(for_dialect(text, Dialect::Sqlite).is_err());
        assert!(for_dialect(text, Dialect::Postgres).is_err());
    }

    #[test]
    fn the_body_of_a_function_is_left_alone() {
        let text = "CREATE FUNCTION f() AS $x$ it's deferrable $$ $x$ LANGUAGE sql; SELECT $1;\n";
        assert_eq!(for_dialect(text, Dialect::Postgres).as_deref(), Ok(text));
        assert!(for_dialect("SELECT $$ a", Dialect::Postgres).is_err());
    }

    #[test]
    fn an_open_quote_is_an_error() {
        assert!(for_dialect("SELECT 'a", Dialect::Sqlite).is_err());
        assert!(for_dialect("SELECT /* a", Dialect::Sqlite).is_err());
    }
}
