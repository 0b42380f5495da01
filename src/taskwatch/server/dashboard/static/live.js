/** Following topics: over the stream that all tabs share where the browser can, else over one of our own. */
import { Stream } from "./stream.js";

/**
 * @param {{url: string, name: string, topics: string[], cursor: () => string, fact: (fact: object) => void,
 *   reset: () => void, state: (state: string) => void}} wish
 *   `name` tells streams of different users apart; `cursor` is asked whenever following begins (again).
 */
export function follow(wish) {
  if (!wish.topics.length) return;
  const source = shared(wish) ?? alone(wish);
  source.begin();
  addEventListener("online", source.nudge);
  document.addEventListener("visibilitychange", () => document.hidden || source.nudge());
  addEventListener("pagehide", source.end);
  addEventListener("pageshow", (event) => event.persisted && source.begin());
}

function alone(wish) {
  const stream = new Stream(wish.url, wish);
  return {
    begin: () => stream.open(wish.topics, wish.cursor()),
    nudge: () => stream.nudge(),
    end: () => stream.close(),
  };
}

function shared(wish) {
  const worker = connect(wish.name);
  if (!worker) return null;
  let source = {
    begin: () => worker.port.postMessage({ do: "follow", url: wish.url, topics: wish.topics, cursor: wish.cursor() }),
    nudge: () => worker.port.postMessage({ do: "nudge" }),
    end: () => worker.port.postMessage({ do: "leave" }),
  };
  const leave = () => {
    source.end();
    source = alone(wish);
    source.begin();
  };
  worker.onerror = leave;
  worker.port.onmessage = ({ data }) => {
    if (data.full) leave();
    else if (data.fact) wish.fact(data.fact);
    else if (data.reset) wish.reset();
    else wish.state(data.state);
  };
  return { begin: () => source.begin(), nudge: () => source.nudge(), end: () => source.end() };
}

function connect(name) {
  try {
    return new SharedWorker(new URL("live-worker.js", import.meta.url), { type: "module", name });
  } catch {
    return null;
  }
}
