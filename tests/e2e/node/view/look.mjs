// Shows a result in the view, in Chromium, and prints what a person would find there. Standard input: {page, arguments, result,
// theme, picture}. The browser serves the host page out of memory, so that whatever else is asked for is the view's doing.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [modules, chromium] = process.argv.slice(2);
const { chromium: browsers } = createRequire(join(modules, "node_modules", "x.js"))("playwright-core");
const given = JSON.parse(readFileSync(0, "utf8"));
const PAGE = "http://host.test/";
// What a host that is a web page has to set for a view that names no domains.
const POLICY =
  "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src 'self' data:; connect-src 'none'";
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const PATIENCE = 60_000;

const profile = mkdtempSync(join(tmpdir(), "view-"));
const context = await browsers.launchPersistentContext(profile, {
  executablePath: chromium,
  args: FLAGS,
  viewport: { width: 900, height: 940 },
  colorScheme: given.theme,
  locale: "en-US",
  timeout: PATIENCE,
});
try {
  console.log(JSON.stringify(await look()));
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}

async function look() {
  context.setDefaultTimeout(PATIENCE);
  const asked = [];
  await context.route("**/*", (route) => {
    const url = route.request().url();
    if (url !== PAGE) {
      asked.push(url);
      return route.abort();
    }
    const body = readFileSync(new URL("host.html", import.meta.url), "utf8");
    return route.fulfill({ body, headers: { "content-type": "text/html", "content-security-policy": POLICY } });
  });
  const page = await context.newPage();
  const said = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  await page.goto(PAGE);
  await page.evaluate(([html, theme]) => show(html, { theme }), [given.page, given.theme]);
  await page.evaluate((given) => {
    tell({ method: "ui/notifications/tool-input", params: { arguments: given.arguments } });
    tell({ method: "ui/notifications/tool-result", params: given.result });
    tell({ id: "bye", method: "ui/resource-teardown", params: {} });
  }, given);
  await page.waitForFunction(() => heard.some(({ id }) => id === "bye"));
  const view = page.frames()[1];
  // A chart is drawn once it has a width.
  await view.waitForFunction(() => document.querySelector("svg:empty") === null);
  const seen = { asked, said, ...(await still(view)) };
  seen.sorted = await sorts(view);
  seen.keys = await keys(page, view);
  seen.heard = await page.evaluate(() => heard.map(({ method, id }) => method ?? `answer ${id}`));
  seen.height = await page.evaluate(() => heard.findLast(({ method }) => method === "ui/notifications/size-changed")?.params.height);
  if (given.picture) await page.screenshot({ path: given.picture });
  return seen;
}

// What is there before anything is touched.
function still(view) {
  return view.evaluate(() => {
    const all = (selector) => [...document.querySelectorAll(selector)];
    const texts = (selector) => all(selector).map((found) => found.textContent);
    const styles = getComputedStyle(document.documentElement);
    return {
      status: document.getElementById("status").textContent,
      statement: document.querySelector("#statement pre").textContent,
      notes: texts(".note:not([hidden])"),
      columns: texts("th .name"),
      kinds: all("th").map((head) => head.className),
      rows: all("tbody tr").map((row) => [...row.cells].map((cell) => (cell.querySelector(".null") ? null : cell.querySelector("details")?.lastChild.data ?? cell.textContent))),
      made: all("#result *").map((found) => found.localName),
      owned: globalThis.owned === undefined,
      colors: [styles.backgroundColor, styles.color],
      chart: { kind: document.querySelector("svg")?.getAttribute("aria-label"), titles: texts("svg .title"), texts: texts("svg text:not(.title)"), bars: all("rect.mark").length, lines: all("path.mark").length, series: texts(".bar .chip") },
    };
  });
}

// Each column clicked three times: its texts up, down, and as they came.
async function sorts(view) {
  const orders = [];
  const heads = view.locator("th button");
  for (let at = 0; at < (await heads.count()); at += 1) {
    const states = [];
    for (let click = 0; click < 3; click += 1) {
      await heads.nth(at).click();
      const cells = await view.locator(`tbody td:nth-child(${at + 1})`).allTextContents();
      states.push([await view.locator("th").nth(at).getAttribute("aria-sort"), cells]);
    }
    orders.push(states);
  }
  return orders;
}

// With the keyboard alone: the chart's values, and the first column sorted.
async function keys(page, view) {
  const found = { stops: [] };
  await view.locator("body").evaluate(() => document.activeElement.blur());
  for (let step = 0; step < 40 && found.sorted === undefined; step += 1) {
    await page.keyboard.press("Tab");
    const stop = await view.evaluate(() => document.activeElement.closest("th") ? "head" : document.activeElement.localName);
    found.stops.push(stop);
    if (stop === "svg") {
      await page.keyboard.press("End");
      found.tip = await view.locator(".tip").innerText();
      await page.keyboard.press("Escape");
      found.tipHides = await view.locator(".tip").isHidden();
    }
    if (stop === "head") {
      await page.keyboard.press("Enter");
      found.sorted = await view.locator("th").first().getAttribute("aria-sort");
      await page.keyboard.press("Enter");
      await page.keyboard.press("Enter");
    }
  }
  return found;
}
