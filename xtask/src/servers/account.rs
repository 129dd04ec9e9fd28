//! Whom servers run as: PostgreSQL and PgBouncer refuse root.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use nix::unistd::{Gid, Uid, User, chown, geteuid};

/// Accounts to run as when we are root, the first that exists.
const NAMES: [&str; 2] = ["postgres", "nobody"];

/// Another account, or our own when we aren't root.
pub(crate) struct Account(Option<(Uid, Gid)>);

impl Account {
    /// The account that servers run as.
    pub(crate) fn for_servers() -> Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self(None));
        }
        for name in NAMES {
            if let Some(user) = User::from_name(name).context("cannot look up an account")? {
                return Ok(Self(Some((user.uid, user.gid))));
            }
        }
        bail!("servers refuse to run as root, and there is no account named {}", NAMES.join(" or "))
    }

    /// A command that runs `program` as this account and gets `signal` when we die. `setpriv` becomes the
    /// program, so the process id is the server's own.
    pub(crate) fn command(&self, program: &Path, signal: &str) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", signal]);
        if let Some((user, group)) = self.0 {
            command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).arg("--clear-groups");
        }
        command.arg("--").arg(program);
        command
    }

    /// Gives it a file or folder.
    pub(crate) fn own(&self, path: &Path) -> Result<()> {
        match self.0 {
            Some((user, group)) => {
                chown(path, Some(user), Some(group)).with_context(|| format!("cannot give away {}", path.display()))
            }
            None => Ok(()),
        }
    }
}
