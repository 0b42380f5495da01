/**
 * Server-sent events read by fetch. Unlike EventSource this hears the pulse of the server, sees the status
 * of a refusal, and never gives up: what it missed comes after its cursor.
 */
const SILENCE_MS = 40_000; // the server pulses every 15 seconds
const FIRST_MS = 400;
const LONGEST_MS = 15_000;

export class Stream {
  #heard = 0;
  #wait = FIRST_MS;
  #turn = 0;
  #abort = null;
  #wake = null;

  /**
   * @param {string} url of /events
   * @param {{fact: (fact: object) => void, reset: () => void, state: (state: string) => void}} tell
   *   state is "catching up", "live", "offline" or "signed out"
   */
  constructor(url, tell) {
    this.url = url;
    this.tell = tell;
    this.topics = [];
    this.cursor = "";
    setInterval(() => this.#listen(), 5_000);
  }

  /** Follow these topics from a cursor on. */
  open(topics, cursor) {
    this.topics = topics;
    this.cursor = cursor;
    this.#abort?.abort();
    this.#run(++this.#turn);
  }

  /** The network may be back: do not wait any longer. */
  nudge() {
    this.#listen();
    this.#wake?.();
  }

  close() {
    this.#turn++;
    this.#abort?.abort();
    this.#wake?.();
  }

  async #run(turn) {
    while (turn === this.#turn) {
      try {
        await this.#read(turn);
      } catch {
        // whatever it was, the next try tells
      }
      if (turn !== this.#turn) return;
      this.tell.state(this.refused ? "signed out" : "offline");
      await this.#pause();
    }
  }

  async #read(turn) {
    this.#abort = new AbortController();
    this.#heard = Date.now();
    const query = new URLSearchParams(this.topics.map((topic) => ["topic", topic]));
    if (this.cursor) query.append("after", this.cursor);
    const answer = await fetch(`${this.url}?${query}`, { signal: this.#abort.signal, cache: "no-store" });
    this.refused = answer.status === 401;
    if (!answer.ok) throw new Error(answer.status);
    this.tell.state("catching up");
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done || turn !== this.#turn) return;
      this.#heard = Date.now();
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      blocks.forEach((block) => this.#take(block));
    }
  }

  #take(block) {
    const fields = {};
    for (const line of block.split("\n")) {
      const colon = line.indexOf(":");
      fields[line.slice(0, colon)] = line.slice(colon + 1).trimStart();
    }
    if (fields[""] === "current") this.#arrive();
    if (fields.id) this.cursor = fields.id;
    if (fields.event === "bye") this.#wait = Number(fields.retry) || FIRST_MS;
    else if (fields.event === "reset") this.tell.reset();
    else if (fields.data) this.tell.fact(JSON.parse(fields.data));
  }

  #arrive() {
    this.#wait = FIRST_MS;
    this.tell.state("live");
  }

  /** A connection that is silent for too long is dead, whatever the system says. */
  #listen() {
    if (this.#heard && Date.now() - this.#heard > SILENCE_MS) this.#abort?.abort();
  }

  async #pause() {
    const wait = this.#wait * (0.5 + Math.random());
    this.#wait = Math.min(this.#wait * 2, LONGEST_MS);
    await new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, wait);
    });
    this.#wake = null;
  }
}
