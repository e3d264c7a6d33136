//! Listing with a prefix, a delimiter and pages: which stretches of the keys are to be read, and what of them is shown.
//!
//! Keys are in the order of their bytes, which for UTF-8 is that of their characters. A [`Lister`] asks for one
//! stretch after the other, so that a common prefix costs one look whatever is below it.

/// What is listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListQuery {
    /// What every key begins with; empty for all.
    pub(crate) prefix: String,
    /// Keys that go on behind the prefix to this are shown as one common prefix.
    pub(crate) delimiter: Option<String>,
    /// Only what comes behind this: a key, or a common prefix that was shown.
    pub(crate) after: Option<String>,
    /// The most entries of a page.
    pub(crate) limit: usize,
}

/// Where a stretch of keys begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    At(String),
    Behind(String),
}

/// A stretch of keys to be read, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scan {
    pub(crate) from: Bound,
    /// Keys from here on do not belong to it; none where it goes to the end.
    pub(crate) before: Option<String>,
    /// The most keys to read; if fewer come, there are no more.
    pub(crate) limit: usize,
}

/// Something that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry<T> {
    Key(T),
    CommonPrefix(String),
}

/// A listing under way.
#[derive(Debug)]
pub(crate) struct Lister<T> {
    query: ListQuery,
    next: Option<Bound>,
    entries: Vec<Entry<T>>,
    /// The last key or common prefix that is shown.
    last: Option<String>,
    truncated: bool,
}

/// How many keys are read at once where most of them may be below one common prefix.
const DELIMITED_SCAN: usize = 100;

impl<T> Lister<T> {
    pub(crate) fn new(query: ListQuery) -> Self {
        let next = (query.limit > 0).then(|| first_bound(&query)).flatten();
        Self {
            query,
            next,
            entries: Vec::new(),
            last: None,
            truncated: false,
        }
    }

    /// What is to be read next; none where the page is whole.
    pub(crate) fn scan(&self) -> Option<Scan> {
        // One more than is shown says whether there is more.
        let missing = self.query.limit - self.entries.len() + 1;
        let limit = match self.query.delimiter {
            Some(_) => missing.min(DELIMITED_SCAN),
            None => missing,
        };
        self.next.clone().map(|from| Scan {
            from,
            before: successor(&self.query.prefix),
            limit,
        })
    }

    /// Takes what was read of a scan.
    pub(crate) fn take(&mut self, scan: &Scan, rows: Vec<T>, key: impl Fn(&T) -> &str) {
        let is_last = rows.len() < scan.limit;
        let last_key = rows.last().map(|row| key(row).to_owned());
        let mut below: Option<String> = None;
        for row in rows {
            if below
                .as_ref()
                .is_some_and(|common| key(&row).starts_with(common.as_str()))
            {
                continue;
            }
            if self.entries.len() == self.query.limit {
                self.truncated = true;
                self.next = None;
                return;
            }
            below = common_prefix(&self.query, key(&row));
            self.last = Some(below.clone().unwrap_or_else(|| key(&row).to_owned()));
            self.entries.push(match &below {
                Some(common) => Entry::CommonPrefix(common.clone()),
                None => Entry::Key(row),
            });
        }
        self.next = match (below, last_key) {
            _ if is_last => None,
            (Some(common), _) => successor(&common).map(Bound::At),
            (None, last_key) => last_key.map(Bound::Behind),
        };
    }

    /// The entries of the page, and after which of them the next page begins, if there is one.
    pub(crate) fn finish(self) -> (Vec<Entry<T>>, Option<String>) {
        let next = self.last.filter(|_| self.truncated);
        (self.entries, next)
    }
}

/// What a key is shown as, if not as itself.
fn common_prefix(query: &ListQuery, key: &str) -> Option<String> {
    let delimiter = query
        .delimiter
        .as_ref()
        .filter(|delimiter| !delimiter.is_empty())?;
    let rest = key.strip_prefix(query.prefix.as_str())?;
    let end = query.prefix.len() + rest.find(delimiter.as_str())? + delimiter.len();
    key.get(..end).map(str::to_owned)
}

/// Where the first stretch begins; none where there can be nothing.
fn first_bound(query: &ListQuery) -> Option<Bound> {
    let Some(after) = &query.after else {
        return Some(Bound::At(query.prefix.clone()));
    };
    if let Some(common) = common_prefix(query, after)
        && common == *after
    {
        // It was shown for all that is below it.
        return successor(&common).map(Bound::At);
    }
    if *after < query.prefix {
        return Some(Bound::At(query.prefix.clone()));
    }
    Some(Bound::Behind(after.clone()))
}

/// The first text behind all that begin with `prefix`; none where nothing can be behind them.
fn successor(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // A range of characters leaves out the surrogates, which are none.
        if let Some(next) = (last..=char::MAX).nth(1) {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
