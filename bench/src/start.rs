//! From start to ready, and what an idle process takes: `stoa up` on a data folder that is already there.
//!
//! The time runs from the start of the process to the first 200 of `/readyz`, asked every millisecond. What
//! may come later (hashing for unknown users, upkeep of tables) is not in it.

use std::fs;

use crate::effort::Effort;
use crate::folders::Folders;
use crate::program::Under;
use crate::report::{Reach, Report, Row};
use crate::samples::Samples;
use crate::scene::{Embedded, Hashing, embedded};

/// The wanted time in milliseconds, and memory and size in MiB.
const READY: f64 = 300.0;
const MEMORY: f64 = 60.0;

/// Measures the start.
pub(crate) fn start(folders: &Folders, effort: &Effort, report: &mut Report) -> anyhow::Result<()> {
    let mut first = Vec::new();
    let mut second = Vec::new();
    for _ in 0..effort.repeats {
        let Embedded { program, .. } = embedded(folders, &folders.fresh("start")?, Hashing::Real)?;
        for times in [&mut first, &mut second] {
            let process = program.start(Under::Nothing)?;
            times.push(process.ready_after.as_secs_f64() * 1e3);
            process.stop()?;
        }
    }
    let (first, second) = (Samples::of(first), Samples::of(second));
    report.add(
        Row::new("start", "`stoa up`, second start to ready", "ms", &second).reach(Reach::AtMost(READY)),
    );
    report.add(Row::new(
        "start",
        "the first one: keys and tables are made",
        "ms",
        &first,
    ));
    Ok(())
}

/// Measures memory and size.
pub(crate) fn memory(folders: &Folders, effort: &Effort, report: &mut Report) -> anyhow::Result<()> {
    let Embedded { program, .. } = embedded(folders, &folders.fresh("memory")?, Hashing::Real)?;
    program.start(Under::Nothing)?.stop()?;
    let (mut resident, mut proportional) = (Vec::new(), Vec::new());
    for _ in 0..effort.repeats {
        let process = program.start(Under::Nothing)?;
        process.settle()?;
        resident.push(process.mebibytes("status", "VmRSS:")?);
        proportional.push(process.mebibytes("smaps_rollup", "Pss:")?);
        process.stop()?;
    }
    let (resident, proportional) = (Samples::of(resident), Samples::of(proportional));
    report.add(
        Row::new("memory", "`stoa up`, idle, resident (VmRSS)", "MiB", &resident)
            .reach(Reach::AtMost(MEMORY)),
    );
    report.add(Row::new(
        "memory",
        "the same, shared pages by their share (PSS)",
        "MiB",
        &proportional,
    ));
    #[expect(clippy::cast_precision_loss, reason = "a file of far less than 2^52 bytes")]
    let size = fs::metadata(folders.stoa()?)?.len() as f64 / (1024.0 * 1024.0);
    report.add(Row::new("memory", "the binary", "MiB", &Samples::one(size)).reach(Reach::AtMost(MEMORY)));
    Ok(())
}
