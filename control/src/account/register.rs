//! Registration. The answer is the same whether or not the address is taken: the mail tells.

use std::net::IpAddr;

use mintreu_model::{
    form::{Validate, account::Register},
    id::UserId,
};

use super::{email::Purpose, normalise, store};
use crate::{Control, Result, audit::Entry, mail::letter};

impl Control {
    /// Makes an account with an unverified address, or tells the owner of a taken one by mail.
    pub async fn register(&self, form: &Register, address: Option<IpAddr>) -> Result<()> {
        form.validate()?;
        let email = normalise(&form.email);
        self.throttle.attempt("register", &email, address)?;
        let hash = self.passwords.hash(&form.password, &self.random).await?;
        let now = self.clock.system_now();
        let new: UserId = self.id();
        let mut tx = self.db.begin().await?;
        let id = store::insert_or_find(&mut tx, new, &email, form.name.trim(), &hash, now).await?;
        // The same statements for both, so that neither takes longer.
        let (purpose, action) = if id == new { (Purpose::Verify, "user.register") } else { (Purpose::Decoy, "user.register_again") };
        let token = self.email_token(&mut tx, id, purpose, &email).await?;
        let url = &self.config.public_url;
        let letter = if id == new { letter::verify(url, &token) } else { letter::already_registered(url) };
        self.post(&mut tx, &email, &letter).await?;
        self.record(&mut tx, None, Entry::new(action, ("user", id, &email))).await?;
        tx.commit().await
    }

    /// Makes a super admin, or makes one of an existing account and sets its password; for the
    /// command line.
    pub async fn create_admin(&self, name: &str, email: &str, password: &str) -> Result<UserId> {
        Register { name: name.to_owned(), email: email.to_owned(), password: password.to_owned() }.validate()?;
        let email = normalise(email);
        let hash = self.passwords.hash(password, &self.random).await?;
        let now = self.clock.system_now();
        let mut tx = self.db.begin().await?;
        store::insert_or_find(&mut tx, self.id(), &email, name.trim(), &hash, now).await?;
        let id = store::make_admin(&mut tx, &email, &hash, now).await?;
        // Whoever used the account until now, perhaps without owning the address, is no super admin.
        store::close_other_doors(&mut tx, id).await?;
        self.record(&mut tx, None, Entry::new("user.make_admin", ("user", id, &email))).await?;
        tx.commit().await?;
        Ok(id)
    }
}
