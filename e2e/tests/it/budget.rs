//! What embedded mode may cost: measured on the release build, as a user meets it.

use std::time::Duration;

use e2e::{Person, Setup};

const START_LIMIT: Duration = Duration::from_millis(300);
const MEMORY_LIMIT: u64 = 60 * 1000 * 1000;
/// The machine may be busy with other things; it is the binary that is measured.
const STARTS: usize = 5;

#[test]
fn a_second_start_is_ready_within_300_ms() {
    let setup = Setup::up();
    setup.start().terminate();
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let mut node = setup.launch();
        times.push(node.time_to_ready());
        assert_eq!(node.terminate().code(), Some(0));
    }
    assert!(times.iter().any(|time| *time < START_LIMIT), "{times:?}");
}

#[test]
fn an_idle_process_takes_less_than_60_mb() {
    let setup = Setup::up();
    let mut first = setup.start();
    let ada = Person::join(&first.face(), "ada");
    ada.make_profile(&first.face(), "Countess");
    first.terminate();

    let second = setup.start();
    ada.at(&second.face()).get("/api/profile").expect(200);
    let taken = second.resident_memory();
    assert!(taken < MEMORY_LIMIT, "{taken} bytes");
}
