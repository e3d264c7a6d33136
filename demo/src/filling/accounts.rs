//! Accounts and profiles.

use anyhow::{Context as _, bail};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Filler, sign_in, text};
use crate::customers::{ADMIN, CUSTOMERS, Customer, STAFF};
use crate::shop::{Body, Shop};

impl Filler<'_> {
    /// Makes an account and the profile that belongs to it.
    pub(crate) async fn register_customer(&mut self, number: usize) -> anyhow::Result<()> {
        let customer = *CUSTOMERS.get(number).context("there is no such customer")?;
        self.register(customer).await?;
        let profile = json!({ "full_name": customer.name, "bio": customer.bio });
        let session = self.session(customer.username).await?;
        session.put("/profile", profile).await?;
        Ok(())
    }

    /// Makes an account. One that is there already is the demo's own if its password is.
    async fn register(&mut self, customer: Customer) -> anyhow::Result<()> {
        let password = self.notes.password(customer.username, &self.ids)?;
        let body = json!({
            "username": customer.username, "email": customer.email(), "password": password.expose()
        });
        let answer = self.shop.try_post("/register", "demo", Body::Json(body)).await?;
        if answer.status != StatusCode::CONFLICT && !answer.status.is_success() {
            bail!("`{}` cannot register: {}", customer.username, answer.json);
        }
        if let Some(admin) = &self.admin {
            // The link in it is good for a while alone, and the clock is about to be moved on.
            let path = format!("/mailbox?limit=1&to={}", customer.email());
            let is_written = |mails: &Value| mails["items"].as_array().is_some_and(|mails| !mails.is_empty());
            admin
                .wait_until("a customer is asked to confirm their address", &path, is_written)
                .await?;
        }
        Ok(())
    }

    /// Makes the account of the member of the staff, whom the admin makes one.
    pub(crate) async fn hire(&mut self) -> anyhow::Result<()> {
        let Some(admin) = self.admin.clone() else {
            return Ok(());
        };
        self.register(STAFF).await?;
        let account = self.session(STAFF.username).await?.get("/me").await?;
        let path = format!("/admin/accounts/{}", text(&account, "user_id")?);
        let found = admin.send(Method::GET, &path, Body::Empty, None).await?;
        let is_staff = found.json["roles"]
            .as_array()
            .is_some_and(|roles| roles.iter().any(|role| role == "staff"));
        if !is_staff {
            let roles = Body::Json(json!({ "roles": ["staff"] }));
            admin
                .send(Method::PATCH, &path, roles, found.etag.as_deref())
                .await?;
            // The tokens of before are over.
            self.sessions.remove(STAFF.username);
        }
        let profile = json!({ "full_name": STAFF.name, "bio": STAFF.bio });
        self.session(STAFF.username)
            .await?
            .put("/profile", profile)
            .await?;
        Ok(())
    }

    /// Who does the work of the staff.
    pub(crate) async fn staff(&mut self) -> anyhow::Result<Shop> {
        match &self.staff {
            Some(staff) => Ok(staff.clone()),
            None => self.session(STAFF.username).await,
        }
    }

    /// Signs the admin of a shop in that is made here.
    pub(crate) async fn begin_as_admin(&mut self) -> anyhow::Result<()> {
        let password = self.notes.password(ADMIN, &self.ids)?;
        self.admin = Some(sign_in(&self.shop, ADMIN, &password).await?);
        Ok(())
    }

    /// Ends all sessions that were begun.
    pub(crate) async fn sign_out(&mut self) -> anyhow::Result<()> {
        let sessions = std::mem::take(&mut self.sessions);
        let own = [self.admin.take(), self.staff.take()].into_iter().flatten();
        for session in sessions.into_values().chain(own) {
            session.post("/logout", "demo", Body::Empty).await?;
        }
        Ok(())
    }
}
