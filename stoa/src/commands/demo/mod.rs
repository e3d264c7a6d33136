//! `stoa demo`: a shop to look at, made in a data folder or in a shop that runs.

mod here;
mod there;

use std::path::PathBuf;
use std::process::ExitCode;

use demo::{Notes, Summary};
use kit_service::{answer, talk};

use crate::cli::Demo;
use crate::settings;

pub(super) fn demo(
    file: Option<PathBuf>,
    mut set: Vec<(String, String)>,
    options: &Demo,
) -> anyhow::Result<ExitCode> {
    if let Some(data) = &options.data {
        set.push(("data.dir".to_owned(), data.display().to_string()));
    }
    let config = settings::load(file.clone(), set.clone())?;
    let (notes, hint) = match &options.gateway {
        Some(gateway) => (there::fill(config, gateway, options)?, there::hint(gateway)),
        None => here::make(&config, (file, set))?,
    };
    show(&notes, &hint, options)?;
    Ok(ExitCode::SUCCESS)
}

/// What is in the shop, and how to look at it.
fn show(notes: &Notes, hint: &str, options: &Demo) -> anyhow::Result<()> {
    let Some(summary) = notes.summary() else {
        return Ok(());
    };
    if options.listing.json {
        answer(&serde_json::to_string_pretty(&summary)?)?;
        return Ok(());
    }
    answer(&lines(&summary))?;
    talk(&format!(
        "\nThe passwords stand in {} too, which is yours alone.\n{hint}",
        notes.file().display()
    ));
    Ok(())
}

fn lines(summary: &Summary) -> String {
    let contents = &summary.contents;
    let orders: Vec<String> = contents
        .orders
        .iter()
        .map(|(status, count)| format!("{count} {status}"))
        .collect();
    let mut lines = vec![
        format!("{} products, {} pictures", contents.products, contents.pictures),
        format!(
            "{} orders: {}",
            contents.orders.values().sum::<u64>(),
            orders.join(", ")
        ),
    ];
    lines.extend(summary.accounts.iter().map(|account| {
        let demo::DemoAccount {
            username,
            password,
            role,
        } = account;
        format!("{role:<9} {username:<9} {password}")
    }));
    lines.join("\n")
}
