//! MCP's conformance suite, each of its server scenarios, in the newest version and the one before: against a fixture that has the
//! tools the suite asks for, on the host's own HTTP stack; and what of it asks for no such tools against the host itself.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bulkhead_tests::{Config, Host, environment, free_port, node};
use serde_json::{Value, json};

/// All scenarios of a version, one after another, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);
/// The fixture listens after this.
const START: Duration = Duration::from_secs(20);

/// The fixture as a child process. Dropping it kills it.
struct Fixture {
    child: Child,
    url: String,
}

impl Fixture {
    fn start() -> Fixture {
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(environment::wanted("BULKHEAD_TEST_MCP_FIXTURE"));
        let child = command.arg(&address).stdin(Stdio::null()).spawn().expect("the fixture starts");
        let fixture = Fixture { child, url: format!("http://{address}/mcp") };
        let began = Instant::now();
        while std::net::TcpStream::connect(&address).is_err() {
            assert!(began.elapsed() < START, "the fixture doesn't listen");
            std::thread::sleep(Duration::from_millis(5));
        }
        fixture
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the name of a scenario's results ends with.
const WHEN: &str = "-2026-11-21T10-00-00-000Z";

/// One check of one scenario, and how it came out.
type Check = (String, String, String);

async fn suite(arguments: &[&str], home: &Path) -> String {
    let output = node::program("@modelcontextprotocol/conformance/dist/index.js", arguments, home, PATIENCE).await;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{arguments:?}: {}\n{said}", output.status);
    said
}

/// What there is to pass in a version, as the suite itself says.
async fn scenarios(version: &str, home: &Path) -> BTreeSet<String> {
    let listed = suite(&["list", "--server", "--spec-version", version], home).await;
    let lines = listed.lines().filter_map(|line| line.trim().strip_prefix("- "));
    let names = lines.filter(|line| !line.contains("[extension]")).filter_map(|line| line.split_whitespace().next());
    names.map(str::to_owned).collect()
}

/// Runs scenarios, and gives each check that they made.
async fn run(url: &str, version: &str, which: &[&str], home: &Path) -> Vec<Check> {
    let fixed = ["server", "--url", url, "--spec-version", version, "--output-dir", "results"];
    let said = suite(&[&fixed[..], which].concat(), home).await;
    let mut checks = Vec::new();
    for folder in std::fs::read_dir(home.join("results")).expect("results") {
        let folder = folder.expect("a folder").path();
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let scenario =
            name.strip_prefix("server-").and_then(|name| name.get(..name.len() - WHEN.len())).expect("a scenario").to_owned();
        let text = std::fs::read_to_string(folder.join("checks.json")).expect("checks");
        let found: Vec<Value> = serde_json::from_str(&text).expect("JSON");
        assert!(!found.is_empty(), "{scenario} checked nothing:\n{said}");
        let word = |check: &Value, key: &str| check[key].as_str().expect("a word").to_owned();
        checks.extend(found.iter().map(|check| (scenario.clone(), word(check, "id"), word(check, "status"))));
    }
    std::fs::remove_dir_all(home.join("results")).expect("removed");
    checks
}

/// What neither passed nor was only noted.
fn amiss(checks: &[Check]) -> Vec<(&str, &str, &str)> {
    let fine = ["SUCCESS", "INFO"];
    let rest = checks.iter().filter(|(_, _, status)| !fine.contains(&status.as_str()));
    rest.map(|(scenario, id, status)| (scenario.as_str(), id.as_str(), status.as_str())).collect()
}

/// All scenarios ran, each made a check that passed, and nothing is amiss but what is said here to be: this list is exact.
async fn all_of(version: &str, but: &[(&str, &str, &str)]) {
    let (fixture, folder) = (Fixture::start(), tempfile::tempdir().expect("a folder"));
    let checks = run(&fixture.url, version, &["--suite", "all"], folder.path()).await;
    let ran: BTreeSet<String> = checks.iter().map(|(scenario, _, _)| scenario.clone()).collect();
    assert_eq!(ran, scenarios(version, folder.path()).await);
    assert_eq!(amiss(&checks), but);
    let passed = checks.iter().filter(|(_, _, status)| status == "SUCCESS").count();
    assert!(passed > ran.len(), "{passed} checks of {} scenarios", ran.len());
}

/// The two that are amiss are recommendations for resuming a stream. A caller that hangs up has its statement stopped, so there is
/// nothing to resume, and no event says that there were.
#[tokio::test]
async fn version_2025_11_25() {
    let resuming = [
        ("server-sse-polling", "server-sse-priming-event", "WARNING"),
        ("server-sse-polling", "server-sse-retry-field", "WARNING"),
    ];
    all_of("2025-11-25", &resuming).await;
}

#[tokio::test]
async fn version_2026_07_28() {
    all_of("2026-07-28", &[]).await;
}

/// Scenarios that need none of the suite's own tools.
#[tokio::test]
async fn the_host_itself() {
    let host = Host::start(Config::new().hostile("good", json!({}))).await;
    let both = ["completion-complete", "tools-list", "resources-list", "prompts-list", "dns-rebinding-protection"];
    let sessions = ["server-initialize", "server-session-lifecycle", "ping", "server-sse-multiple-streams"];
    let alone = ["sep-2164-resource-not-found", "caching", "http-header-validation", "server-sse-multiple-streams"];
    for (version, more) in [("2025-11-25", sessions), ("2026-07-28", alone)] {
        for scenario in both.iter().chain(&more) {
            let checks = run(&host.url(), version, &["--scenario", scenario], host.folder()).await;
            assert_eq!(amiss(&checks), [], "{version}");
            assert!(checks.iter().any(|(_, _, status)| status == "SUCCESS"), "{version} {scenario}: {checks:?}");
        }
    }
}
