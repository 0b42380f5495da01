// Pages in headless Chromium. A page at an address under /test/ is answered here, before it leaves the browser:
// so it has the daemon's own origin, as a page that the same host serves. All else goes over the network.
import { createRequire } from "node:module";

const puppeteer = createRequire(import.meta.url)("puppeteer-core"); // found by NODE_PATH
const PAGE = "<!doctype html><title>page</title><div id=root></div>";
const AS_ROOT = ["--no-sandbox"]; // Chromium has no sandbox for root
// A page that is answered here came from no address, so Chromium would not let it reach a local one.
const ARGS = ["--disable-features=LocalNetworkAccessChecks"];

export async function launch(executablePath) {
  const args = process.getuid() === 0 ? [...ARGS, ...AS_ROOT] : ARGS;
  const browser = await puppeteer.launch({ executablePath, headless: true, pipe: true, args });
  return { open: (...page) => open(browser, ...page), close: () => browser.close() };
}

async function open(browser, url, script, tell, login) {
  const context = await browser.createBrowserContext(); // cookies of its own
  const page = await context.newPage();
  page.on("pageerror", (error) => tell({ broken: String(error.stack ?? error) }));
  await page.exposeFunction("tell", tell);
  await standIn(page);
  if (login) await signIn(page, url, login);
  await page.goto(url);
  await page.evaluate(script);
  return {
    call: (verb, args) => page.evaluate((name, given) => window.verbs[name](...given), verb, args),
    close: () => context.close(),
  };
}

// Signs in on the page that is there for it, as a person does.
async function signIn(page, url, token) {
  await page.goto(String(new URL("/login?next=/healthz", url)));
  await page.type("#token", token);
  await Promise.all([page.waitForNavigation(), page.click("button")]);
}

async function standIn(page) {
  const session = await page.createCDPSession();
  await session.send("Fetch.enable", { patterns: [{ urlPattern: "http://127.0.0.1:*/test/*" }] });
  session.on("Fetch.requestPaused", ({ requestId }) =>
    session.send("Fetch.fulfillRequest", {
      requestId,
      responseCode: 200,
      responseHeaders: [{ name: "Content-Type", value: "text/html; charset=utf-8" }],
      body: Buffer.from(PAGE).toString("base64"),
    }),
  );
}
