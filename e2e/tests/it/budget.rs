//! What embedded mode may cost: measured on the release build, as a user meets it. How long it takes to start is
//! measured by `bench`.

use e2e::{Person, Setup};

const MEMORY_LIMIT: u64 = 60 * 1000 * 1000;

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
