//! The types of keys.

use std::path::PathBuf;

use kit_config::{ByteSize, Span, config, test_values};
use kit_runtime::Secret;

use crate::Machine;

config! {
    /// One key of each type.
    pub struct AllTypes("all") {
        /// Text.
        text: String = "",
        /// Yes or no.
        flag: bool = "false",
        /// Small.
        port: u16 = "1",
        /// Large.
        large: u64 = "18446744073709551615",
        /// A count.
        count: usize = "0",
        /// Below nought.
        signed: i64 = "-1",
        /// A share.
        share: f64 = "0.5",
        /// A file.
        file: PathBuf = "data/x",
        /// A size.
        size: ByteSize = "64KiB",
        /// Times.
        times: Vec<Span> = "1s, 2s",
        /// Hidden.
        keys: Vec<Secret<String>>,
    }
}

fn from_file(text: &str) -> Result<AllTypes, String> {
    let machine = Machine::new().file(text);
    let loaded = kit_config::Catalog::new()
        .section::<AllTypes>()
        .load(machine.sources.clone());
    loaded
        .and_then(|loaded| loaded.get())
        .map_err(|errors| errors.problems()[0].message.clone())
}

#[test]
fn defaults_are_written_as_text() {
    let all = AllTypes::defaults();
    assert_eq!(
        (all.text.as_str(), all.flag, all.port, all.large, all.count),
        ("", false, 1, u64::MAX, 0)
    );
    assert_eq!(
        (all.signed, all.file, all.size.bytes()),
        (-1, PathBuf::from("data/x"), 65_536)
    );
    assert!((all.share - 0.5).abs() < f64::EPSILON);
    assert_eq!(
        all.times.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["1s", "2s"]
    );
}

#[test]
fn the_file_is_held_to_its_types() {
    let all =
        from_file("[all]\nflag = true\nport = 0x1F\nshare = 2\nsize = 4096\ntimes = ['5m']\ncount = 1_000")
            .unwrap();
    assert_eq!(
        (all.flag, all.port, all.size.bytes(), all.count),
        (true, 31, 4096, 1000)
    );
    assert!((all.share - 2.0).abs() < f64::EPSILON);
    assert_eq!(all.times.len(), 1);

    for (text, message) in [
        ("text = 1", "expected text, got `1`"),
        ("flag = 'true'", "expected `true` or `false`, got `true`"),
        ("port = '80'", "expected a whole number from 0 to 65535, got `80`"),
        (
            "port = 65536",
            "expected a whole number from 0 to 65535, got `65536`",
        ),
        ("count = -1", "expected a whole number from 0, got `-1`"),
        ("signed = 1.5", "expected a whole number, got `1.5`"),
        ("share = inf", "expected a number such as `0.5`, got `inf`"),
        ("file = ''", "expected the path of a file or folder, got nothing"),
        (
            "times = '1s'",
            "expected a list, each item a duration such as `500ms`, `30s`, `15m`, `24h` or `14d`, got `1s`",
        ),
        ("keys = ['a', 12345]", "expected a list, each item text"),
    ] {
        assert_eq!(
            from_file(&format!("[all]\n{text}")).unwrap_err(),
            message,
            "{text}"
        );
    }
}

#[test]
fn long_values_are_cut_short_and_kept_on_one_line() {
    let message = from_file(&format!("[all]\nshare = \"\\n{}\"", "ä".repeat(100))).unwrap_err();
    assert_eq!(
        message,
        format!("expected a number such as `0.5`, got `\\n{}…`", "ä".repeat(59))
    );
}

#[test]
fn a_test_sets_the_keys_it_cares_about() {
    let all: AllTypes = test_values(&[("all.keys", "a, b"), ("all.port", "8080")]);
    assert_eq!(
        all.keys
            .iter()
            .map(|key| key.expose().as_str())
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(all.port, 8080);
}

#[test]
#[should_panic(expected = "`all.prot`: unknown key; the nearest known one is `all.port`")]
fn a_test_that_sets_an_unknown_key_is_told() {
    let _: AllTypes = test_values(&[("all.prot", "1")]);
}
