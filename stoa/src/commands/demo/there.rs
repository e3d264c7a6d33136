//! A shop that runs, filled over HTTP alone.

use std::io::{BufRead as _, BufReader, Read, stdin};
use std::path::Path;

use anyhow::{Context as _, bail};
use demo::{Means, Notes};
use kit_config::{BaseUrl, Loaded};
use kit_runtime::{Clock, Ids, Lifecycle, Secret};
use kit_service::talk;

use crate::cli::Demo;
use crate::settings::{DataConfig, section};

/// No password is as long as that, in bytes.
const MOST_BYTES: u64 = 4_096;

/// Fills the shop, or what is missing in it; its notes.
pub(super) fn fill(config: Loaded, gateway: &BaseUrl, options: &Demo) -> anyhow::Result<Notes> {
    let (Some(username), Some(file)) = (&options.username, &options.password_file) else {
        bail!("--gateway needs --username and --password-file");
    };
    let password = password(file)?;
    let notes = notes_of(&section::<DataConfig>(&config)?.dir, gateway);
    super::super::run_to_end(config, async |_, lifecycle| {
        fill_as(gateway, (username, password), &notes, lifecycle).await
    })
}

/// How to look at it.
pub(super) fn hint(gateway: &BaseUrl) -> String {
    format!("The shop is at {}; its history is of today.", gateway.as_str())
}

async fn fill_as(
    gateway: &BaseUrl,
    staff: (&str, Secret<String>),
    file: &Path,
    lifecycle: &Lifecycle,
) -> anyhow::Result<Notes> {
    let means = Means {
        gateway: gateway.clone(),
        clock: Clock::system(),
        ids: Ids::system(),
        tasks: lifecycle.tasks(),
    };
    let has_goods = demo::has_goods(&means).await?;
    let mut notes = match Notes::find(file)? {
        Some(notes) if has_goods || !notes.has_begun() => notes,
        Some(_) => bail!(
            "`{}` is of a shop that was there before; remove it to fill this one",
            file.display()
        ),
        None if has_goods => bail!("there is something in this shop that is not the demo's"),
        None => Notes::begin(file, means.clock.now(), &[], &means.ids)?,
    };
    if notes.summary().is_none() {
        demo::fill_today(&means, &mut notes, staff, talk).await?;
    }
    Ok(notes)
}

/// Where it is noted what was done to a shop.
fn notes_of(data: &Path, gateway: &BaseUrl) -> std::path::PathBuf {
    let name: String = gateway
        .authority()
        .chars()
        .map(|sign| {
            if sign.is_ascii_alphanumeric() || sign == '.' {
                sign
            } else {
                '-'
            }
        })
        .collect();
    data.join(format!("demo-{name}.json"))
}

fn password(file: &Path) -> anyhow::Result<Secret<String>> {
    let source: Box<dyn Read> = if file == Path::new("-") {
        Box::new(stdin())
    } else {
        Box::new(std::fs::File::open(file).with_context(|| format!("`{}`", file.display()))?)
    };
    let mut line = String::new();
    BufReader::new(source.take(MOST_BYTES))
        .read_line(&mut line)
        .context("the password cannot be read")?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}
