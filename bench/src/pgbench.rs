//! pgbench, `PostgreSQL`'s own load: the same statements without a platform around them.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::folders::find_program;

/// Transactions a second of so many clients that run a script for a time; none where it is not installed.
pub(crate) fn pgbench(
    url: &str,
    clients: usize,
    (folder, script): (&Path, &str),
    span: Duration,
) -> anyhow::Result<Option<f64>> {
    let Some(program) = find_program("pgbench") else {
        return Ok(None);
    };
    let file = folder.join("pgbench.sql");
    std::fs::write(&file, script)?;
    let output = Command::new(program)
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .arg(format!("--client={clients}"))
        .arg(format!("--time={}", span.as_secs().max(1)))
        .arg("--file")
        .arg(&file)
        .arg(url)
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "`pgbench` failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let rate = transactions_a_second(&said).context("`pgbench` tells no rate")?;
    Ok(Some(rate))
}

fn transactions_a_second(said: &str) -> Option<f64> {
    let rest = said.lines().find_map(|line| line.strip_prefix("tps = "))?;
    rest.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_of_pgbench_is_found() {
        let said = "number of failed transactions: 0\ntps = 1234.5 (without initial connection time)\n";
        assert_eq!(transactions_a_second(said), Some(1234.5));
        assert_eq!(transactions_a_second("nothing\n"), None);
    }
}
