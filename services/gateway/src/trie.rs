//! Finds the one route a path belongs to.
//!
//! One tree over segments for all methods. At each segment a literal is tried before a parameter, and an
//! exact end before a prefix; where the branch taken has no route for the method, the search goes back and
//! takes the next one. So `GET /users/me` and `POST /users/{id}` leave `POST /users/me` to the second.
//! The depth of the search is that of the patterns, not of the path a client sends.

use std::collections::HashMap;

use http::Method;

use crate::pattern::{End, Methods, Pattern, Segment};

/// The routes, by number. The root is the first node.
#[derive(Clone, Debug)]
pub(crate) struct Trie {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    literals: HashMap<Box<str>, usize>,
    parameter: Option<usize>,
    exact: Vec<Leaf>,
    below: Vec<Leaf>,
}

#[derive(Clone, Debug)]
struct Leaf {
    methods: Methods,
    end: End,
    route: usize,
    claim: Claim,
}

/// Whether a route wants its requests for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Another such route for the same requests is a mistake.
    Sole,
    /// It may stand beside others.
    Shared,
}

impl Trie {
    pub(crate) fn new() -> Self {
        Self {
            nodes: vec![Node::default()],
        }
    }

    /// Adds a route, or says which one already claims the same requests.
    pub(crate) fn insert(
        &mut self,
        (pattern, methods): (&Pattern, Methods),
        claim: Claim,
        route: usize,
    ) -> Result<(), usize> {
        let mut at = 0;
        for segment in &pattern.segments {
            at = self.child(at, segment);
        }
        let node = &mut self.nodes[at];
        let leaves = match pattern.end {
            End::Exact => &mut node.exact,
            End::Under | End::Rest => &mut node.below,
        };
        let mut sole = leaves.iter().filter(|leaf| leaf.claim == Claim::Sole);
        if claim == Claim::Sole
            && let Some(taken) = sole.find(|leaf| leaf.methods.meets(&methods))
        {
            return Err(taken.route);
        }
        leaves.push(Leaf {
            methods,
            end: pattern.end,
            route,
            claim,
        });
        Ok(())
    }

    fn child(&mut self, at: usize, segment: &Segment) -> usize {
        let next = self.nodes.len();
        let node = &mut self.nodes[at];
        let child = match segment {
            Segment::Literal(text) => *node.literals.entry(text.as_str().into()).or_insert(next),
            Segment::Parameter => *node.parameter.get_or_insert(next),
        };
        if child == next {
            self.nodes.push(Node::default());
        }
        child
    }

    /// Shows the routes for a method and a decoded path, best first, until `visit` has seen enough.
    pub(crate) fn find(&self, method: &Method, path: &str, mut visit: impl FnMut(usize) -> bool) {
        self.search(0, path.get(1..), &mut |leaf| {
            leaf.methods.accepts(method) && visit(leaf.route)
        });
    }

    /// Every route whose pattern matches the path, whatever its method; best first.
    pub(crate) fn all(&self, path: &str) -> Vec<usize> {
        let mut routes = Vec::new();
        self.search(0, path.get(1..), &mut |leaf| {
            routes.push(leaf.route);
            false
        });
        routes
    }

    /// Shows each matching leaf, best first, until `visit` has seen enough. `rest` is what is left of the
    /// path; none once its last segment is taken.
    fn search(&self, at: usize, rest: Option<&str>, visit: &mut dyn FnMut(&Leaf) -> bool) -> bool {
        let node = &self.nodes[at];
        let Some(rest) = rest else {
            let under = node.below.iter().filter(|leaf| leaf.end == End::Under);
            return node.exact.iter().chain(under).any(visit);
        };
        let (segment, tail) = match rest.split_once('/') {
            Some((segment, tail)) => (segment, Some(tail)),
            None => (rest, None),
        };
        if let Some(&child) = node.literals.get(segment)
            && self.search(child, tail, visit)
        {
            return true;
        }
        if let Some(child) = node.parameter
            && !segment.is_empty()
            && self.search(child, tail, visit)
        {
            return true;
        }
        let below = node.below.iter();
        below
            .filter(|leaf| leaf.end == End::Under || !rest.is_empty())
            .any(visit)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn only(method: &Method) -> Methods {
        Methods::Only(vec![method.clone()])
    }

    fn first(trie: &Trie, method: &Method, path: &str) -> Option<usize> {
        let mut found = None;
        trie.find(method, path, |route| {
            found = Some(route);
            true
        });
        found
    }

    fn trie(routes: &[(&str, &str)]) -> Trie {
        let mut trie = Trie::new();
        for (index, (method, pattern)) in routes.iter().enumerate() {
            let methods = match *method {
                "ANY" => Methods::Any,
                name => only(&name.parse().unwrap()),
            };
            let pattern = match pattern.strip_suffix("/*") {
                Some("") => Pattern::prefix("/").unwrap(),
                Some(prefix) => Pattern::prefix(prefix).unwrap(),
                None => Pattern::parse(pattern).unwrap(),
            };
            trie.insert((&pattern, methods), Claim::Sole, index).unwrap();
        }
        trie
    }

    #[test]
    fn a_literal_beats_a_parameter() {
        let trie = trie(&[("GET", "/users/{id}"), ("GET", "/users/me"), ("GET", "/")]);
        assert_eq!(first(&trie, &Method::GET, "/users/7"), Some(0));
        assert_eq!(first(&trie, &Method::GET, "/users/me"), Some(1));
        assert_eq!(first(&trie, &Method::GET, "/"), Some(2));
        assert_eq!(first(&trie, &Method::GET, "/users/me/x"), None);
        assert_eq!(first(&trie, &Method::GET, "/users"), None);
    }

    #[test]
    fn a_parameter_never_takes_an_empty_segment() {
        let trie = trie(&[
            ("GET", "/users/{id}"),
            ("GET", "/images/{*key}"),
            ("GET", "/{page}"),
        ]);
        assert_eq!(first(&trie, &Method::GET, "/users/"), None);
        assert_eq!(first(&trie, &Method::GET, "/images/"), None);
        assert_eq!(first(&trie, &Method::GET, "/"), None);
        assert_eq!(first(&trie, &Method::GET, "/images/a/b"), Some(1));
    }

    #[test]
    fn the_search_goes_back_when_a_literal_leads_nowhere() {
        let trie = trie(&[
            ("GET", "/a/b/c"),
            ("GET", "/a/{x}/d"),
            ("POST", "/a/{x}/c"),
            ("GET", "/a/*"),
        ]);
        assert_eq!(first(&trie, &Method::GET, "/a/b/d"), Some(1));
        assert_eq!(first(&trie, &Method::POST, "/a/b/c"), Some(2));
        assert_eq!(first(&trie, &Method::GET, "/a/b/e"), Some(3));
        assert_eq!(trie.all("/a/b/c"), [0, 2, 3]);
    }

    #[test]
    fn the_longest_prefix_wins_and_ends_at_a_segment() {
        let trie = trie(&[
            ("ANY", "/*"),
            ("ANY", "/ext/*"),
            ("ANY", "/ext/deep/*"),
            ("GET", "/ext"),
        ]);
        assert_eq!(first(&trie, &Method::GET, "/extra"), Some(0));
        assert_eq!(first(&trie, &Method::GET, "/ext"), Some(3));
        assert_eq!(first(&trie, &Method::POST, "/ext"), Some(1));
        assert_eq!(first(&trie, &Method::GET, "/ext/"), Some(1));
        assert_eq!(first(&trie, &Method::GET, "/ext/deep/a/b"), Some(2));
        assert_eq!(first(&trie, &Method::GET, "/"), Some(0));
    }

    #[test]
    fn a_head_request_finds_the_get_route() {
        let trie = trie(&[("GET", "/a"), ("POST", "/a")]);
        assert_eq!(first(&trie, &Method::HEAD, "/a"), Some(0));
        assert_eq!(first(&trie, &Method::PATCH, "/a"), None);
        assert_eq!(trie.all("/a"), [0, 1]);
    }

    #[test]
    fn two_patterns_of_one_shape_overlap_whatever_their_parameters_are_called() {
        let mut trie = trie(&[("GET", "/users/{id}"), ("ANY", "/ext/*")]);
        let mut insert =
            |text: &str, methods| trie.insert((&Pattern::parse(text).unwrap(), methods), Claim::Sole, 9);
        assert_eq!(insert("/users/{name}", only(&Method::GET)), Err(0));
        assert_eq!(insert("/users/{name}", Methods::Any), Err(0));
        assert_eq!(insert("/%75sers/{id}", only(&Method::GET)), Err(0));
        assert_eq!(insert("/ext/{*rest}", only(&Method::GET)), Err(1));
        assert_eq!(insert("/users/{name}", only(&Method::PUT)), Ok(()));
        assert_eq!(insert("/users/me", only(&Method::GET)), Ok(()));
    }

    /// What the tree must find, said in the dullest way: try every pattern.
    fn by_hand(patterns: &[Pattern], path: &str) -> Vec<usize> {
        let parts: Vec<&str> = path[1..].split('/').collect();
        let fits = |pattern: &Pattern| {
            let count = pattern.segments.len();
            let long_enough = match pattern.end {
                End::Exact => parts.len() == count,
                End::Under => parts.len() >= count,
                End::Rest => parts.len() > count && parts[count..].iter().any(|part| !part.is_empty()),
            };
            long_enough
                && pattern
                    .segments
                    .iter()
                    .zip(&parts)
                    .all(|(segment, part)| match segment {
                        Segment::Literal(text) => text == part,
                        Segment::Parameter => !part.is_empty(),
                    })
        };
        (0..patterns.len())
            .filter(|&index| fits(&patterns[index]))
            .collect()
    }

    /// Smaller is better, segment by segment.
    fn rank(pattern: &Pattern) -> Vec<u8> {
        let mut rank: Vec<u8> = pattern
            .segments
            .iter()
            .map(|segment| match segment {
                Segment::Literal(_) => 0,
                Segment::Parameter => 1,
            })
            .collect();
        rank.push(if pattern.end == End::Exact { 0 } else { 2 });
        rank
    }

    proptest! {
        #[test]
        fn the_tree_finds_what_trying_every_pattern_finds(
            texts in proptest::collection::btree_set("(/(a|b|\\{x\\})){1,3}(/\\{\\*r\\}|/\\*)?", 1..8),
            path in "(/(a|b|c)){1,4}/?",
        ) {
            let mut trie = Trie::new();
            let mut patterns: Vec<Pattern> = Vec::new();
            for text in texts {
                let pattern = match text.strip_suffix("/*") {
                    Some(prefix) => Pattern::prefix(prefix).unwrap(),
                    None => Pattern::parse(&text).unwrap(),
                };
                if trie.insert((&pattern, Methods::Any), Claim::Sole, patterns.len()).is_ok() {
                    patterns.push(pattern);
                }
            }
            let mut expected = by_hand(&patterns, &path);
            let mut seen = trie.all(&path);
            let best = expected.iter().copied().min_by_key(|&index| rank(&patterns[index]));
            prop_assert_eq!(first(&trie, &Method::GET, &path), best);
            expected.sort_unstable();
            seen.sort_unstable();
            prop_assert_eq!(seen, expected);
        }
    }
}
