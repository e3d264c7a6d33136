//! `stoa keys` and `stoa admin`: what an operator does to auth's database, without a token.

use std::io::BufRead;
use std::process::ExitCode;

use anyhow::Context;
use auth::Operator;
use auth_api::{AccountStatus, AccountView, KeyView, Register};
use kit_config::Loaded;
use kit_runtime::Lifecycle;
use serde_json::{Value, json};

use crate::cli::{Admin, Keys, answer, talk};
use crate::node::Node;
use crate::services::find;

pub(super) fn keys(config: Loaded, options: &Keys) -> anyhow::Result<ExitCode> {
    with_operator(config, async |operator| {
        let keys = match options {
            Keys::List(_) => operator.list_keys().await?,
            Keys::Rotate => operator.rotate_keys().await?,
            Keys::Withdraw { kid } => operator.withdraw_key(kid).await?,
        };
        match options {
            Keys::List(listing) if listing.json => answer(&serde_json::to_string_pretty(&keys)?),
            _ => answer(&keys.iter().map(key_line).collect::<Vec<_>>().join("\n")),
        }
        Ok(())
    })
}

pub(super) fn admin(config: Loaded, options: &Admin) -> anyhow::Result<ExitCode> {
    with_operator(config, async |operator| {
        match options {
            Admin::List { q, json } => {
                let accounts = operator.list_accounts(q.clone()).await?;
                if *json {
                    answer(&format!(
                        "{:#}",
                        accounts.iter().map(|account| json!(account)).collect::<Value>()
                    ));
                } else {
                    let lines: Vec<_> = accounts.iter().map(account_line).collect();
                    answer(&lines.join("\n"));
                }
            }
            Admin::Create {
                username,
                email,
                role,
            } => {
                let (username, email) = (username.clone(), email.clone());
                let wanted = Register {
                    username,
                    email,
                    password: password()?,
                };
                answer(&operator.create_account(&wanted, *role).await?.to_string());
            }
            Admin::Role { name, role } => answer(&account_line(&operator.set_role(name, *role).await?)),
            Admin::Disable { name } => {
                answer(&account_line(
                    &operator.set_status(name, AccountStatus::Disabled).await?,
                ));
            }
            Admin::Enable { name } => {
                answer(&account_line(
                    &operator.set_status(name, AccountStatus::Active).await?,
                ));
            }
            Admin::SignOut { name } => {
                operator.sign_out(name).await?;
                talk("signed out everywhere");
            }
        }
        Ok(())
    })
}

/// On PostgreSQL beside running processes; a SQLite file has one owner, so `stoa up` must not run.
fn with_operator(
    config: Loaded,
    work: impl AsyncFnOnce(&Operator) -> anyhow::Result<()>,
) -> anyhow::Result<ExitCode> {
    config.check()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let lifecycle = Lifecycle::new();
        let done = async {
            let auth = find("auth").map_err(anyhow::Error::msg)?;
            let mut node = Node::new(config, vec![auth], lifecycle.tasks())?;
            node.open_databases().await?;
            work(&Operator::open(&node.home(auth)).await?).await
        };
        let done = done.await;
        lifecycle.end().await;
        done.map(|()| ExitCode::SUCCESS)
    })
}

fn password() -> anyhow::Result<String> {
    talk("password:");
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .context("the password could not be read")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn key_line(key: &KeyView) -> String {
    let state = format!("{:?}", key.state).to_lowercase();
    format!(
        "{:<44} {:<6} {state:<10} signs from {}",
        key.kid, key.algorithm, key.active_from
    )
}

fn account_line(account: &AccountView) -> String {
    let roles: Vec<_> = account.roles.iter().map(|role| role.as_str()).collect();
    let status = format!("{:?}", account.status).to_lowercase();
    format!(
        "{} {:<32} {:<32} {status:<9} {}",
        account.user_id,
        account.username,
        account.email,
        roles.join(",")
    )
}
