//! A private apt: the machine's mirror and keys, a newer suite, and its own state, so that nothing on the system
//! changes and no root is needed. apt checks the signatures and the checksums.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run;

/// Debian's archive key, in the place where `debian-archive-keyring` puts it.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// One suite's package lists, in a folder of their own.
pub(super) struct Apt {
    folder: PathBuf,
}

impl Apt {
    /// Fetches the package lists of `suite` from the mirror that this machine uses.
    pub(super) fn update(folder: PathBuf, suite: &str) -> Result<Self> {
        let mirror = mirror()?;
        for part in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part)).with_context(|| format!("cannot create {}", folder.join(part).display()))?;
        }
        let source = format!("Types: deb\nURIs: {mirror}\nSuites: {suite}\nComponents: main\nSigned-By: {KEYRING}\n");
        fs::write(folder.join("suite.sources"), source).context("cannot write apt's source list")?;
        fs::write(folder.join("apt.conf"), settings(&folder)).context("cannot write apt's settings")?;
        let apt = Self { folder };
        run::quiet(apt.command("apt-get").arg("update"))
            .with_context(|| format!("cannot fetch Debian's package lists of {suite}"))?;
        Ok(apt)
    }

    /// The candidates of these packages as apt prints them, one stanza each; unknown names are left out.
    pub(super) fn show(&self, names: &[String]) -> Result<String> {
        let output = self
            .command("apt-cache")
            .args(["show", "--no-all-versions"])
            .args(names)
            .output()
            .context("cannot start apt-cache")?;
        // Its status says only that some name is unknown.
        String::from_utf8(output.stdout).context("apt-cache's answer is not UTF-8")
    }

    /// Downloads and unpacks `name=version` packages into `root`.
    pub(super) fn unpack(&self, packages: &[String], root: &Path) -> Result<()> {
        let archives = self.folder.join("archives");
        fs::create_dir_all(&archives).context("cannot create the folder for packages")?;
        run::quiet(self.command("apt-get").arg("download").args(packages).current_dir(&archives))?;
        let mut files = fs::read_dir(&archives)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        files.retain(|path| path.extension().is_some_and(|extension| extension == "deb"));
        if files.len() != packages.len() {
            bail!("apt downloaded {} packages of {}", files.len(), packages.len());
        }
        for file in &files {
            run::quiet(Command::new("dpkg").arg("-x").arg(file).arg(root))?;
        }
        fs::remove_dir_all(&archives).context("cannot remove the downloaded packages")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("LC_ALL", "C").env("APT_CONFIG", self.folder.join("apt.conf"));
        command
    }
}

/// The settings that keep apt to `folder`. APT_CONFIG is read after the machine's own, and wins.
fn settings(folder: &Path) -> String {
    let at = |part: &str| folder.join(part).display().to_string();
    let settings = [
        ("Dir::Etc::SourceList", at("suite.sources")),
        ("Dir::Etc::SourceParts", "/dev/null".to_owned()),
        ("Dir::Etc::Preferences", "/dev/null".to_owned()),
        ("Dir::Etc::PreferencesParts", "/dev/null".to_owned()),
        ("Dir::State::Lists", at("lists")),
        ("Dir::State::Status", "/dev/null".to_owned()),
        ("Dir::Cache", at("cache")),
        // apt's own user may not enter our folder.
        ("APT::Sandbox::User", String::new()),
        // Without this, apt-get update takes an unreachable mirror for a warning.
        ("APT::Update::Error-Mode", "any".to_owned()),
        // Indexes for software centres and translations: 6 MB a suite that nobody here reads.
        ("Acquire::Languages", "none".to_owned()),
        ("Acquire::IndexTargets::deb::DEP-11::DefaultEnabled", "false".to_owned()),
        ("Acquire::IndexTargets::deb::CNF::DefaultEnabled", "false".to_owned()),
    ];
    // A machine's hooks after an update are for its own lists.
    let hooks = "#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n";
    settings.iter().fold(hooks.to_owned(), |text, (name, value)| text + &format!("{name} \"{value}\";\n"))
}

/// The address that the machine's own apt fetches Debian's main archive from.
fn mirror() -> Result<String> {
    let targets = run::output(Command::new("apt-get").args([
        "indextargets",
        "--format",
        "$(ORIGIN)\t$(LABEL)\t$(COMPONENT)\t$(REPO_URI)",
        "Created-By: Packages",
    ]))?;
    targets
        .lines()
        .find_map(|line| line.strip_prefix("Debian\tDebian\tmain\t"))
        .map(str::to_owned)
        .context("apt is not configured with a Debian mirror, or `apt-get update` has never run")
}
