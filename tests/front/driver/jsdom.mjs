// Pages in jsdom: its own XMLHttpRequest and WebSocket, with the origin of the page's address.
import { createRequire } from "node:module";

const { JSDOM, VirtualConsole } = createRequire(import.meta.url)("jsdom"); // found by NODE_PATH
const PAGE = "<!doctype html><title>page</title><div id=root></div>";

export async function launch() {
  return { open, close: async () => undefined };
}

async function open(url, script, tell) {
  const virtualConsole = new VirtualConsole();
  virtualConsole.on("jsdomError", (error) => {
    if (error.type === "unhandled-exception") tell({ broken: String(error.cause?.stack ?? error) });
  });
  const { window } = new JSDOM(PAGE, { url, virtualConsole, runScripts: "outside-only", pretendToBeVisual: true });
  window.tell = tell;
  window.eval(script);
  return {
    call: async (verb, args) => window.verbs[verb](...args),
    close: async () => window.close(),
  };
}
