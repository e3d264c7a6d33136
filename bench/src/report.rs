//! What was measured: a table for people, JSON for programs.

use std::fmt::Write as _;

use serde::Serialize;

use crate::machine::Machine;
use crate::samples::Samples;

/// All figures of a run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    machine: Machine,
    rows: Vec<Row>,
    notes: Vec<String>,
}

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    part: &'static str,
    what: String,
    unit: &'static str,
    median: f64,
    low: f64,
    high: f64,
    against: Option<Against>,
    reach: Option<Reach>,
}

/// The same of a peer, in the same run.
#[derive(Clone, Debug, Serialize)]
struct Against {
    peer: String,
    median: f64,
    /// Ours by the peer's.
    ratio: f64,
}

/// What is to be reached.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reach {
    /// The figure itself, in its unit.
    AtLeast(f64),
    AtMost(f64),
    /// The figure by its peer's.
    RatioAtLeast(f64),
    RatioAtMost(f64),
}

impl Row {
    pub(crate) fn new(
        part: &'static str,
        what: impl Into<String>,
        unit: &'static str,
        samples: &Samples,
    ) -> Self {
        Self {
            part,
            what: what.into(),
            unit,
            median: samples.median(),
            low: samples.low(),
            high: samples.high(),
            against: None,
            reach: None,
        }
    }

    pub(crate) fn against(mut self, peer: impl Into<String>, samples: &Samples) -> Self {
        let median = samples.median();
        self.against = Some(Against {
            peer: peer.into(),
            median,
            ratio: self.median / median,
        });
        self
    }

    pub(crate) fn reach(mut self, reach: Reach) -> Self {
        self.reach = Some(reach);
        self
    }

    /// Whether it is reached; `None` where nothing is to be, or there was no peer.
    fn is_reached(&self) -> Option<bool> {
        let ratio = self.against.as_ref().map(|against| against.ratio);
        Some(match self.reach? {
            Reach::AtLeast(bound) => self.median >= bound,
            Reach::AtMost(bound) => self.median <= bound,
            Reach::RatioAtLeast(bound) => ratio? >= bound,
            Reach::RatioAtMost(bound) => ratio? <= bound,
        })
    }

    fn cells(&self) -> [String; 7] {
        let (ratio, peer) = self.against.as_ref().map_or_else(
            || (String::new(), String::new()),
            |against| {
                (
                    format!("{:.2}", against.ratio),
                    format!("{} of {}", figure(against.median), against.peer),
                )
            },
        );
        let reach = self.reach.map_or_else(String::new, |reach| {
            let said = match reach {
                Reach::AtLeast(bound) => format!("≥ {}", figure(bound)),
                Reach::AtMost(bound) => format!("≤ {}", figure(bound)),
                Reach::RatioAtLeast(bound) => format!("ratio ≥ {bound}"),
                Reach::RatioAtMost(bound) => format!("ratio ≤ {bound}"),
            };
            match self.is_reached() {
                Some(true) => format!("{said}, reached"),
                Some(false) => format!("{said}, MISSED"),
                None => said,
            }
        });
        [
            self.part.to_owned(),
            self.what.clone(),
            ratio,
            format!("{} {}", figure(self.median), self.unit),
            format!("{} … {}", figure(self.low), figure(self.high)),
            peer,
            reach,
        ]
    }
}

const HEADINGS: [&str; 7] = ["part", "what", "ratio", "median", "spread", "against", "reach"];

impl Report {
    pub(crate) fn new(machine: Machine) -> Self {
        Self {
            machine,
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, row: Row) {
        eprintln!("    {}", row.cells().join(" | "));
        self.rows.push(row);
    }

    /// Something a reader has to know about the figures.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        eprintln!("    {text}");
        self.notes.push(text);
    }

    /// A Markdown table under a line about the machine.
    pub(crate) fn table(&self) -> String {
        let rows: Vec<[String; 7]> = self.rows.iter().map(Row::cells).collect();
        let headings = HEADINGS.map(str::to_owned);
        let widths: [usize; 7] = std::array::from_fn(|column| {
            let cells = std::iter::once(&headings).chain(&rows);
            cells
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or_default()
        });
        let Machine {
            model,
            cores,
            memory_mib,
            load_before,
        } = &self.machine;
        let mut text =
            format!("{model}, {cores} cores, {memory_mib} MiB, load {load_before:.2} before the run\n\n");
        let mut line = |cells: &[String; 7]| {
            for (cell, width) in cells.iter().zip(widths) {
                let blanks = width - cell.chars().count();
                // Writing into a string cannot fail.
                let _ = write!(text, "| {cell}{} ", " ".repeat(blanks));
            }
            text.push_str("|\n");
        };
        line(&headings);
        line(&widths.map(|width| "-".repeat(width)));
        for row in &rows {
            line(row);
        }
        for note in &self.notes {
            let _ = write!(text, "\n- {note}");
        }
        if !self.notes.is_empty() {
            text.push('\n');
        }
        text
    }
}

/// Three digits that count, with thin groups: `12 345`, `1.23`.
fn figure(value: f64) -> String {
    if value.abs() < 100.0 {
        let digits = if value.abs() < 10.0 { 2 } else { 1 };
        return format!("{value:.digits$}");
    }
    let whole = format!("{value:.0}");
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: f64) -> Row {
        Row::new("proxy", "a GET", "requests/s", &Samples::one(value))
    }

    #[test]
    fn figures_are_grouped_and_short() {
        assert_eq!(figure(1_234_567.8), "1 234 568");
        assert_eq!(figure(123.4), "123");
        assert_eq!(figure(12.34), "12.3");
        assert_eq!(figure(1.234), "1.23");
    }

    #[test]
    fn a_ratio_is_ours_by_the_peers() {
        let row = row(50.0)
            .against("nginx", &Samples::one(200.0))
            .reach(Reach::RatioAtLeast(0.3));
        assert_eq!(row.cells()[2], "0.25");
        assert_eq!(row.is_reached(), Some(false));
    }

    #[test]
    fn what_has_no_peer_is_neither_reached_nor_missed() {
        assert_eq!(row(1.0).reach(Reach::RatioAtLeast(0.3)).is_reached(), None);
        assert_eq!(row(1.0).reach(Reach::AtMost(1.0)).is_reached(), Some(true));
        assert_eq!(row(1.0).is_reached(), None);
    }

    #[test]
    fn every_line_of_the_table_is_as_long_as_the_others() {
        let mut report = Report::new(Machine {
            model: "a processor".to_owned(),
            cores: 2,
            memory_mib: 1024,
            load_before: 0.0,
        });
        report.add(row(1.0));
        report.add(row(1_000_000.0).reach(Reach::AtLeast(5.0)));
        let table = report.table();
        let lengths: Vec<usize> = table
            .lines()
            .filter(|line| line.starts_with('|'))
            .map(|line| line.chars().count())
            .collect();
        assert_eq!(lengths.len(), 4);
        assert!(lengths.iter().all(|length| *length == lengths[0]), "{table}");
    }
}
