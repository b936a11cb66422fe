//! `mintreu admin create`: the first super admin.

use std::io::{IsTerminal as _, Read as _};

use mintreu_control::Error;

use crate::{Failure, config::Config, serve};

/// The password comes from standard input, or from a prompt on a terminal.
pub async fn create(config: Config, name: &str, email: &str) -> Result<(), Failure> {
    let password = read_password()?;
    let control = serve::open_beside(&config, false).await?;
    match control.create_admin(name, email, &password).await {
        Ok(_) => {
            eprintln!("{email} is a super admin. Log in at {}/login", config.public_url);
            Ok(())
        }
        Err(Error::Invalid(fields)) => {
            let lines: Vec<String> = fields.iter().map(|field| format!("{}: {}", field.field, field.message)).collect();
            Err(Failure(lines.join("; ")))
        }
        Err(error) => Err(Failure::new("the super admin could not be made", &error)),
    }
}

fn read_password() -> Result<String, Failure> {
    let unreadable = |error: std::io::Error| Failure::new("the password could not be read", &error);
    if std::io::stdin().is_terminal() {
        let password = rpassword::prompt_password("Password (at least 10 characters): ").map_err(unreadable)?;
        if rpassword::prompt_password("Again: ").map_err(unreadable)? == password {
            return Ok(password);
        }
        return Err(Failure("The two passwords differ: try again.".to_owned()));
    }
    let mut password = String::new();
    std::io::stdin().take(1000).read_to_string(&mut password).map_err(unreadable)?;
    Ok(password.trim_end_matches(['\r', '\n']).to_owned())
}
