//! How a process ends: what is at hand finishes, what is idle does not hold it up, and nothing holds it up for
//! ever.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;

use e2e::http_client::{read_head, read_reply};
use e2e::person::{fresh, registration};
use e2e::{Client, Setup, Stoa, eventually};
use rustix::process::Signal;

/// A limit that is not met. Whatever ends a process before is not that, and what was cut off shows in its exit
/// code, which is 3 then.
const NEVER: &str = "10m";

/// A request whose head has arrived and whose body is yet to be sent.
struct AtHand {
    stream: BufReader<TcpStream>,
    body: String,
}

impl AtHand {
    /// The server asks for the body, so it has begun.
    fn begin(client: &Client, path: &str, body: String) -> Self {
        let head = client.head("POST", path);
        let length = body.len();
        let mut stream = client.connect().expect("a connection");
        write!(
            stream,
            "{head}Content-Type: application/json\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
        )
        .expect("a head is sent");
        let mut stream = BufReader::new(stream);
        let (status, _) = read_head(&mut stream).expect("an interim answer");
        assert_eq!(status.as_u16(), 100);
        Self { stream, body }
    }

    fn finish(mut self) -> e2e::Reply {
        let sent = self.stream.get_mut().write_all(self.body.as_bytes());
        sent.expect("the body is sent");
        read_reply(&mut self.stream).expect("the answer")
    }
}

fn takes_no_more(client: &Client) {
    eventually("nobody new is let in", || client.connect().is_err().then_some(()));
}

every_topology! {
    fn a_request_at_hand_finishes_while_its_process_ends(stoa: &mut Stoa) {
        // Hosted and proxied in the embedded one; on two processes in turn in the split one.
        for (service, path) in [("auth", "/register"), ("gateway", "/api/register")] {
            let name = fresh("late");
            let client = stoa.node(service).client(service);
            let request = AtHand::begin(&client, path, registration(&name).to_string());
            let node = stoa.node_mut(service);
            node.signal(Signal::TERM);
            takes_no_more(&client);
            request.finish().expect(200);
            assert_eq!(node.wait().code(), Some(0));
            node.start_again();
            stoa.gateway().post("/api/register", &registration(&name)).expect_error(409, "Username already exists");
        }
    }

    fn an_idle_connection_does_not_hold_up_the_end(stoa: &mut Stoa) {
        let gateway = stoa.gateway();
        let mut kept = BufReader::new(gateway.connect().expect("a connection"));
        let request = format!("GET /livez HTTP/1.1\r\nHost: {}\r\n\r\n", gateway.address());
        kept.get_mut().write_all(request.as_bytes()).expect("a request is sent");
        assert_eq!(read_reply(&mut kept).expect("an answer").status.as_u16(), 200);

        assert_eq!(stoa.node_mut("gateway").terminate().code(), Some(0));
        let rest = kept.read(&mut [0]).expect("the end of the connection");
        assert_eq!(rest, 0);
    }
}

#[test]
fn a_request_that_never_ends_is_cut_off_at_the_limit() {
    let never = || registration("never").to_string();
    let patient = Setup::up().set("runtime.hard_stop", NEVER).start();
    let mut node = Setup::up().set("runtime.hard_stop", "300ms").start();
    let at_patient = AtHand::begin(&patient.face(), "/api/register", never());
    patient.signal(Signal::TERM);
    takes_no_more(&patient.face());
    let request = AtHand::begin(&node.face(), "/api/register", never());
    assert_eq!(node.terminate().code(), Some(3), "{}", node.log());
    assert!(node.log().contains("stopped before everything had finished"));
    assert!(patient.is_alive(), "it has another limit, and was asked before");
    drop((request, at_patient));
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let mut node = Setup::up().set("runtime.hard_stop", NEVER).start();
    let request = AtHand::begin(&node.face(), "/api/register", registration("never").to_string());
    node.signal(Signal::TERM);
    takes_no_more(&node.face());
    node.signal(Signal::INT);
    assert_eq!(node.wait().code(), Some(3), "{}", node.log());
    drop(request);
}

#[test]
fn a_lame_duck_says_it_is_not_ready_and_still_serves() {
    // For as long as the story takes, which ends it by a second signal.
    let mut node = Setup::run(&["auth"]).set("runtime.lame_duck", NEVER).start();
    node.signal(Signal::TERM);
    let draining = eventually("it says that it is not ready", || {
        let reply = node.face().get("/readyz");
        (reply.status.as_u16() == 503).then(|| reply.json())
    });
    assert_eq!(draining["draining"], true, "{draining}");
    node.face()
        .post("/register", &registration(&fresh("late")))
        .expect(200);
    node.signal(Signal::INT);
    assert_eq!(node.wait().code(), Some(3), "{}", node.log());

    let mut node = Setup::run(&["auth"]).set("runtime.lame_duck", "100ms").start();
    assert_eq!(node.terminate().code(), Some(0), "it ends by itself");
}
