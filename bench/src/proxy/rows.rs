//! What was timed and counted, as rows: who is compared with whom, and what is to be reached.

use super::{Counted, DIRECT, GATEWAY, HOSTED, HOSTED_PLAIN, Timed};
use crate::report::{Reach, Report, Row};
use crate::samples::Samples;

/// Instructions and system calls that are wanted, through the gateway and hosted in process.
const THROUGH: (f64, f64) = (40_000.0, 7.0);
const IN_PROCESS: (f64, f64) = (25_000.0, 3.0);

pub(super) fn title(name: &str) -> &str {
    match name {
        GATEWAY => "gateway → users over HTTP",
        HOSTED => "hosted in process, a profile from memory",
        HOSTED_PLAIN => "hosted in process, JWKS: no token, no database",
        DIRECT => "straight to users' own port",
        "nginx" => "nginx → users",
        "haproxy" => "HAProxy → users",
        other => other,
    }
}

/// Reports what was timed.
struct Times<'a>(&'a [(&'static str, Timed)]);

impl Times<'_> {
    fn of(&self, name: &str, pick: fn(&Timed) -> Vec<f64>) -> Option<Samples> {
        let (_, timed) = self.0.iter().find(|(other, _)| *other == name)?;
        Some(Samples::of(pick(timed)))
    }

    /// A row for each of these against each of those, or for itself where there is nobody.
    fn add_rows(&self, report: &mut Report, title_of: fn(&str) -> String, figure: &Figure) {
        for (name, timed) in self.0 {
            let own = Samples::of((figure.pick)(timed));
            let row = || Row::new("proxy", title_of(name), figure.unit, &own);
            let peers: Vec<_> = figure
                .peers
                .iter()
                .filter(|(of, peer)| of == name && peer != name)
                .filter_map(|(_, peer)| Some((*peer, self.of(peer, figure.pick)?)))
                .collect();
            if peers.is_empty() {
                report.add(row());
            }
            for (peer, samples) in peers {
                report.add(row().against(peer, &samples));
            }
        }
    }
}

/// Something timed, and who is compared with whom.
struct Figure {
    unit: &'static str,
    pick: fn(&Timed) -> Vec<f64>,
    peers: &'static [(&'static str, &'static str)],
}

const COMPARED: [(&str, &str); 5] = [
    (GATEWAY, "nginx"),
    (GATEWAY, DIRECT),
    (HOSTED, DIRECT),
    ("nginx", DIRECT),
    ("haproxy", DIRECT),
];

pub(super) fn report_times(timed: &[(&'static str, Timed)], report: &mut Report) {
    let table = Times(timed);
    let rates = Figure {
        unit: "requests/s",
        pick: |timed| timed.rates.clone(),
        peers: &COMPARED,
    };
    table.add_rows(report, |name| title(name).to_owned(), &rates);
    let medians = Figure {
        unit: "µs",
        pick: |timed| timed.medians.clone(),
        peers: &COMPARED,
    };
    table.add_rows(
        report,
        |name| format!("p50 on one connection: {}", title(name)),
        &medians,
    );
    for (name, own) in timed.iter().filter(|(name, _)| *name != DIRECT) {
        let own = Samples::of(own.own.clone());
        let row = Row::new("proxy", format!("CPU: {}", title(name)), "µs/request", &own);
        let haproxy = table.of("haproxy", |timed| timed.own.clone());
        let both = table.of("nginx", whole);
        report.add(match (*name, haproxy, both) {
            (GATEWAY, Some(haproxy), _) => row.against("HAProxy", &haproxy).reach(Reach::RatioAtMost(1.0)),
            (HOSTED, _, Some(both)) => row.against("nginx and users", &both),
            _ => row,
        });
    }
}

/// What stands before users and users together.
fn whole(timed: &Timed) -> Vec<f64> {
    let both = timed.own.iter().zip(&timed.behind);
    both.map(|(own, behind)| own + behind).collect()
}

pub(super) fn report_counts(counted: &[Counted], report: &mut Report) {
    let nginx = counted.iter().find(|counted| counted.name == "nginx");
    for own in counted {
        let most = match own.name {
            GATEWAY => Some(THROUGH),
            HOSTED | HOSTED_PLAIN => Some(IN_PROCESS),
            _ => None,
        };
        let figures = [
            (
                "instructions",
                own.instructions.total,
                most.map(|(instructions, _)| instructions),
                nginx.map(|nginx| nginx.instructions.total),
            ),
            (
                "system calls",
                own.system_calls,
                most.map(|(_, calls)| calls),
                nginx.map(|nginx| nginx.system_calls),
            ),
        ];
        for (unit, value, most, peer) in figures {
            let mut row = Row::new("proxy", title(own.name), unit, &Samples::one(value));
            if let Some(peer) = peer.filter(|_| own.name != "nginx") {
                row = row.against("nginx", &Samples::one(peer));
            }
            if let Some(most) = most {
                row = row.reach(Reach::AtMost(most));
            }
            report.add(row);
        }
        report.note(own.detail());
    }
}
