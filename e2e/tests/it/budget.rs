//! What embedded mode may cost. How long it takes to start, and its memory with the pages of the program's file, are
//! measured by `bench`, on what is shipped.

use e2e::{Person, Setup};

const MEMORY_LIMIT: u64 = 30 * 1000 * 1000;

#[test]
fn an_idle_process_takes_less_than_30_mb_of_its_own() {
    let setup = Setup::up();
    let mut first = setup.start();
    let ada = Person::join(&first.face(), "ada");
    ada.make_profile(&first.face(), "Countess");
    first.terminate();

    let second = setup.start();
    ada.at(&second.face()).get("/api/profile").expect(200);
    let taken = second.own_memory();
    assert!(taken < MEMORY_LIMIT, "{taken} bytes");
}
