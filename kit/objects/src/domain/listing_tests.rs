use proptest::prelude::*;

use super::*;

/// What a listing shows, said as simply as it can be.
fn model(keys: &[String], query: &ListQuery) -> (Vec<Entry<String>>, Option<String>) {
    let mut all: Vec<(String, Entry<String>)> = Vec::new();
    for key in keys.iter().filter(|key| key.starts_with(&query.prefix)) {
        let shown = match common_prefix(query, key) {
            Some(common) => (common.clone(), Entry::CommonPrefix(common)),
            None => (key.clone(), Entry::Key(key.clone())),
        };
        let is_behind = match &query.after {
            None => true,
            // A common prefix that was shown stands for all that is below it.
            Some(after) => key > after && !matches!(&shown.1, Entry::CommonPrefix(common) if common == after),
        };
        if is_behind && !all.contains(&shown) {
            all.push(shown);
        }
    }
    let more = query.limit > 0 && all.len() > query.limit;
    all.truncate(query.limit);
    let next = all.last().map(|(name, _)| name.clone()).filter(|_| more);
    (all.into_iter().map(|(_, entry)| entry).collect(), next)
}

/// Answers scans as a table would.
fn list(keys: &[String], query: &ListQuery) -> (Vec<Entry<String>>, Option<String>) {
    let mut lister = Lister::new(query.clone());
    while let Some(scan) = lister.scan() {
        let rows = keys.iter().filter(|key| match &scan.from {
            Bound::At(from) => *key >= from,
            Bound::Behind(from) => *key > from,
        });
        let rows = rows.filter(|key| scan.before.as_ref().is_none_or(|before| *key < before));
        let rows = rows.take(scan.limit).cloned().collect();
        lister.take(&scan, rows, String::as_str);
    }
    lister.finish()
}

fn sorted(mut keys: Vec<String>) -> Vec<String> {
    keys.sort();
    keys.dedup();
    keys
}

prop_compose! {
    fn query()(
        prefix in "[a/]{0,2}",
        delimiter in prop::option::of("/|b/|\u{10FFFF}"),
        after in prop::option::of("[ab/\u{10FFFF}]{0,4}"),
        limit in 0_usize..6,
    ) -> ListQuery {
        ListQuery { prefix, delimiter, after, limit }
    }
}

proptest! {
    #[test]
    fn a_page_is_what_the_model_shows(
        keys in prop::collection::vec("[ab/\u{10FFFF}]{1,5}", 0..40),
        query in query(),
    ) {
        let keys = sorted(keys);
        prop_assert_eq!(list(&keys, &query), model(&keys, &query));
    }

    #[test]
    fn the_pages_together_are_the_whole(
        keys in prop::collection::vec("[ab/\u{D7FF}\u{E000}]{1,5}", 0..40),
        query in query(),
    ) {
        let keys = sorted(keys);
        let (whole, _) = list(&keys, &ListQuery { limit: 1000, ..query.clone() });
        let mut pages = Vec::new();
        let mut after = query.after.clone();
        loop {
            let page = ListQuery { after, limit: query.limit + 1, ..query.clone() };
            let (entries, next) = list(&keys, &page);
            pages.extend(entries);
            if next.is_none() {
                break;
            }
            after = next;
        }
        prop_assert_eq!(pages, whole);
    }

    #[test]
    fn nothing_is_between_a_prefix_and_its_successor(prefix in ".{0,3}", other in ".{0,5}") {
        let before = successor(&prefix).is_none_or(|successor| other < successor);
        prop_assert_eq!(other >= prefix && before, other.starts_with(&prefix));
    }
}

#[test]
fn a_common_prefix_is_read_once_and_stepped_over() {
    let keys: Vec<String> = (0..500).map(|number| format!("a/{number:03}")).collect();
    let keys = sorted([keys, vec!["b".to_owned()]].concat());
    let mut lister: Lister<String> = Lister::new(ListQuery {
        delimiter: Some("/".to_owned()),
        limit: 10,
        ..ListQuery::default()
    });
    let scan = lister.scan().unwrap();
    lister.take(&scan, keys[..scan.limit].to_vec(), String::as_str);
    assert_eq!(lister.scan().unwrap().from, Bound::At("a0".to_owned()));
}
