//! Transactional mail. A mail is a row written with the change that it speaks of; a job hands it
//! to the SMTP server afterwards. Without one, mail is kept and super admins read it at
//! `/admin/mail`. To add a mail, add a function to `letter.rs`.

pub(crate) mod letter;
mod send;
pub(crate) mod store;

pub use letter::Letter;
pub(crate) use letter::Words;
use mintreu_model::{
    id::MailId,
    list::{List, ListQuery},
    view::MailView,
};

use crate::{Control, Error, Operator, Result, store::Tx};

impl Control {
    /// Writes a mail with the transaction.
    pub(crate) async fn post(&self, tx: &mut Tx, to: &str, letter: &Letter) -> Result<()> {
        store::insert(tx, self.id(), to, letter, self.clock.system_now()).await
    }

    pub async fn list_mail(&self, _: &Operator, query: &ListQuery) -> Result<List<MailView>> {
        store::list(&self.db, query).await
    }

    pub async fn get_mail(&self, _: &Operator, id: MailId) -> Result<MailView> {
        store::get(&self.db, id).await?.ok_or(Error::NotFound("mail"))
    }
}
