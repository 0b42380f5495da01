// Opens pages in jsdom or Chromium and passes words to and from them: JSON lines in, JSON lines out.
//   in   {"id", "open": page, "url", "script", "login"}   {"id", "call": page, "verb", "args"}   {"id", "close": page}
//   out  {"id", "answer"} or {"id", "error"};  {"page", "report"} for what a page tells;  first {"elsewhere"}
// An end of the input ends it.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

const [kind, ...rest] = process.argv.slice(2);
const { launch } = await import(`./${kind}.mjs`);
const pages = new Map();

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

async function obey({ open, call, close, url, script, login, verb, args }) {
  if (open !== undefined) {
    const tell = (report) => say({ page: open, report });
    pages.set(open, await browser.open(url, await readFile(script, "utf8"), tell, login));
    return null;
  }
  if (close !== undefined) return pages.get(close).close();
  return pages.get(call).call(verb, args);
}

async function answer(line) {
  const { id, ...order } = JSON.parse(line);
  try {
    say({ id, answer: (await obey(order)) ?? null });
  } catch (error) {
    say({ id, error: String(error?.stack ?? error) });
  }
}

// An origin that is not the daemon's: any path of it is an empty page.
const elsewhere = createServer((_, response) => {
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end("<!doctype html><title>elsewhere</title><div id=root></div>");
});
await new Promise((listening) => elsewhere.listen(0, "127.0.0.1", listening));

const browser = await launch(...rest);
say({ elsewhere: `http://127.0.0.1:${elsewhere.address().port}` });
for await (const line of createInterface({ input: process.stdin })) answer(line);
await browser.close();
process.exit(0);
