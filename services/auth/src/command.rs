//! `stoa keys` and `stoa admin`: what an operator does to auth's database, without a token.

use std::io::BufRead;

use anyhow::Context;
use auth_api::{AccountStatus, AccountView, KeyView, Register};
use clap::Subcommand;
use kit_service::{Home, Listing, Ownership, ServiceCommand, answer, talk};
use kit_token::Role;

use crate::operator::Operator;

#[derive(Debug, Subcommand)]
enum Keys {
    /// Lists the keys.
    List(Listing),
    /// Makes a new key, which signs once every verifier has it.
    Rotate,
    /// Takes a key away that somebody else may have.
    Withdraw {
        /// The key's name, which may begin with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
}

#[derive(Debug, Subcommand)]
enum Admin {
    /// Lists accounts.
    List {
        /// A part of the name or the address.
        #[arg(long, value_name = "TEXT")]
        q: Option<String>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Makes an account; the password is the first line of stdin.
    Create {
        username: String,
        email: String,
        /// What it may do: customer, staff or admin.
        #[arg(long, default_value = "admin")]
        role: Role,
    },
    /// Gives an account another role: customer, staff or admin.
    Role {
        /// The username or the address.
        name: String,
        role: Role,
    },
    /// Forbids an account to sign in, and ends its sessions.
    Disable {
        /// The username or the address.
        name: String,
    },
    /// Lets an account sign in again.
    Enable {
        /// The username or the address.
        name: String,
    },
    /// Ends all sessions of an account.
    SignOut {
        /// The username or the address.
        name: String,
    },
}

/// `stoa keys`.
pub(crate) fn keys() -> ServiceCommand {
    let about = "Lists, rotates and withdraws the keys that access tokens are signed with";
    ServiceCommand::new("keys", about, Ownership::Own, run_keys)
}

/// `stoa admin`.
pub(crate) fn admin() -> ServiceCommand {
    let about = "Makes and changes accounts, on the service's own machine";
    ServiceCommand::new("admin", about, Ownership::Own, run_admin)
}

async fn run_keys(command: Keys, home: Home) -> anyhow::Result<()> {
    let operator = Operator::open(&home).await?;
    let (keys, listing) = match command {
        Keys::List(listing) => (operator.list_keys().await?, listing),
        Keys::Rotate => (operator.rotate_keys().await?, Listing::default()),
        Keys::Withdraw { kid } => (operator.withdraw_key(&kid).await?, Listing::default()),
    };
    Ok(listing.print(&keys, key_line)?)
}

async fn run_admin(command: Admin, home: Home) -> anyhow::Result<()> {
    let operator = Operator::open(&home).await?;
    let changed = match command {
        Admin::List { q, listing } => {
            return Ok(listing.print(&operator.list_accounts(q).await?, account_line)?);
        }
        Admin::Create {
            username,
            email,
            role,
        } => {
            let request = Register {
                username,
                email,
                password: password()?,
            };
            answer(&operator.create_account(&request, role).await?.to_string())?;
            return Ok(());
        }
        Admin::SignOut { name } => {
            operator.sign_out(&name).await?;
            talk("signed out everywhere");
            return Ok(());
        }
        Admin::Role { name, role } => operator.set_role(&name, role).await?,
        Admin::Disable { name } => operator.set_status(&name, AccountStatus::Disabled).await?,
        Admin::Enable { name } => operator.set_status(&name, AccountStatus::Active).await?,
    };
    answer(&account_line(&changed))?;
    Ok(())
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
    format!(
        "{} {:<32} {:<32} {:<9} {}",
        account.user_id,
        account.username,
        account.email,
        account.status,
        roles.join(",")
    )
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches as _;

    use super::*;

    #[test]
    fn the_name_of_a_key_may_begin_with_a_hyphen() {
        let line = keys()
            .command
            .try_get_matches_from(["keys", "withdraw", "-A1bCd_eF-2"]);
        let Keys::Withdraw { kid } = Keys::from_arg_matches(&line.unwrap()).unwrap() else {
            panic!("another command");
        };
        assert_eq!(kid, "-A1bCd_eF-2");
    }
}
