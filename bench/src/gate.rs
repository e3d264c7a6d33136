//! The gate of CI: Stoa's instructions and system calls a request may not exceed what `bench/limits.toml` says.
//!
//! The limits are what was measured, with a little room for compilers and libraries; they are lowered by hand
//! when the cost falls, and raised only together with a reason. A limit that nothing measures, or a figure
//! without a limit, is an error, so that neither is dropped unnoticed.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::effort::Effort;
use crate::folders::Folders;
use crate::proxy::{Counted, count_own};
use crate::report::{Reach, Report, Row};
use crate::samples::Samples;

const LIMITS: &str = include_str!("../limits.toml");

/// As many as make what runs beside them by the clock, such as timers, small among them on a busy machine.
const EFFORT: Effort = Effort {
    repeats: 1,
    span: Duration::ZERO,
    warm_up: Duration::ZERO,
    instructed: 800,
    traced: 2000,
    backlog: 0,
};

/// The most that one way to an answer may cost a request.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    instructions: u32,
    system_calls: f64,
}

/// Measures and compares.
pub(crate) fn run(folders: &Folders, report: &mut Report) -> anyhow::Result<()> {
    let limits = read(LIMITS)?;
    let counted = count_own(folders, &EFFORT)?;
    for own in &counted {
        if let Some(limit) = limits.get(own.name) {
            let instructions = Samples::one(own.instructions.total);
            let calls = Samples::one(own.system_calls);
            report.add(
                Row::new("gate", own.name, "instructions", &instructions)
                    .reach(Reach::AtMost(f64::from(limit.instructions))),
            );
            report.add(
                Row::new("gate", own.name, "system calls", &calls).reach(Reach::AtMost(limit.system_calls)),
            );
            report.note(own.detail());
        }
    }
    let broken = violations(&limits, &counted);
    if !broken.is_empty() {
        bail!("{}", broken.join("; "));
    }
    Ok(())
}

fn read(text: &str) -> anyhow::Result<BTreeMap<String, Limit>> {
    toml::from_str(text).context("`bench/limits.toml` cannot be read")
}

/// Everything that is wrong, in words.
fn violations(limits: &BTreeMap<String, Limit>, counted: &[Counted]) -> Vec<String> {
    let mut broken = Vec::new();
    for own in counted {
        let Some(limit) = limits.get(own.name) else {
            broken.push(format!("`{}` has no limit in `bench/limits.toml`", own.name));
            continue;
        };
        let (instructions, calls) = (own.instructions.total, own.system_calls);
        if instructions > f64::from(limit.instructions) {
            let most = limit.instructions;
            broken.push(format!(
                "`{}` takes {instructions:.0} instructions a request, the limit is {most}",
                own.name
            ));
        }
        if calls > limit.system_calls {
            let most = limit.system_calls;
            broken.push(format!(
                "`{}` takes {calls:.2} system calls a request, the limit is {most}",
                own.name
            ));
        }
    }
    for name in limits.keys() {
        if !counted.iter().any(|own| own.name == name) {
            broken.push(format!("nothing measures `{name}` of `bench/limits.toml`"));
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::Instructions;

    const SAMPLE: &str = "[gateway]\ninstructions = 100\nsystem_calls = 7.5\n";

    fn counted(name: &'static str, instructions: f64, system_calls: f64) -> Counted {
        Counted {
            name,
            instructions: Instructions {
                total: instructions,
                digest: 0.0,
            },
            system_calls,
            calls: String::new(),
        }
    }

    #[test]
    fn what_stays_below_its_limits_passes() {
        let limits = read(SAMPLE).unwrap();
        assert!(violations(&limits, &[counted("gateway", 100.0, 7.5)]).is_empty());
    }

    #[test]
    fn each_excess_is_told() {
        let limits = read(SAMPLE).unwrap();
        let broken = violations(&limits, &[counted("gateway", 101.0, 7.6)]);
        assert_eq!(
            broken,
            [
                "`gateway` takes 101 instructions a request, the limit is 100",
                "`gateway` takes 7.60 system calls a request, the limit is 7.5",
            ]
        );
    }

    #[test]
    fn neither_a_limit_nor_a_figure_is_dropped_unnoticed() {
        let limits = read(SAMPLE).unwrap();
        let broken = violations(&limits, &[counted("hosted", 1.0, 1.0)]);
        assert_eq!(
            broken,
            [
                "`hosted` has no limit in `bench/limits.toml`",
                "nothing measures `gateway` of `bench/limits.toml`",
            ]
        );
    }

    #[test]
    fn the_limits_in_use_can_be_read() {
        let names: Vec<String> = read(LIMITS).unwrap().into_keys().collect();
        assert_eq!(names, ["gateway", "hosted", "hosted-plain"]);
    }
}
