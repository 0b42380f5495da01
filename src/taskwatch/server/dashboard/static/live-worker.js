/** One stream for all tabs: the union of what they follow, told to each as far as it asked. */
import { Stream } from "./stream.js";

const MOST_TOPICS = 100;
const tabs = new Map();
let stream = null;
let state = "catching up";

self.onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => take[data.do](port, data);
};

const take = {
  follow(port, { url, topics, cursor }) {
    const [epoch, seq] = split(cursor);
    const union = joined([...tabs.values()].flatMap((tab) => tab.topics).concat(topics));
    if (union.length > MOST_TOPICS) return port.postMessage({ full: true });
    tabs.set(port, { topics, epoch, seq });
    stream ??= new Stream(url, { fact, reset, state: tellState });
    port.postMessage({ state });
    stream.open(union, earliest(epoch, seq));
  },
  nudge: () => stream?.nudge(),
  leave(port) {
    tabs.delete(port);
    if (!tabs.size) stream?.close();
  },
};

function fact(fact) {
  for (const [port, tab] of tabs) {
    if (fact.seq <= tab.seq) continue;
    tab.seq = fact.seq;
    if (tab.topics.some((pattern) => fact.topics.some((topic) => matches(pattern, topic)))) {
      port.postMessage({ fact });
    }
  }
}

function reset() {
  const [epoch, seq] = split(stream.cursor);
  for (const [port, tab] of tabs) {
    Object.assign(tab, { epoch, seq });
    port.postMessage({ reset: true });
  }
}

function tellState(now) {
  state = now;
  for (const port of tabs.keys()) port.postMessage({ state });
}

/** Where the tab stands that is furthest behind in the log of the newest; others begin anew. */
function earliest(epoch, seq) {
  for (const [port, tab] of tabs) {
    if (tab.epoch === epoch) continue;
    Object.assign(tab, { epoch, seq });
    port.postMessage({ reset: true });
  }
  return `${epoch}-${Math.min(...[...tabs.values()].map((tab) => tab.seq))}`;
}

function joined(topics) {
  const all = [...new Set(topics)];
  return all.filter((topic) => !all.some((other) => other !== topic && matches(other, topic)));
}

function matches(pattern, topic) {
  return pattern.endsWith("*") ? topic.startsWith(pattern.slice(0, -1)) : topic === pattern;
}

function split(cursor) {
  const dash = cursor.lastIndexOf("-");
  return [cursor.slice(0, dash), Number(cursor.slice(dash + 1))];
}
