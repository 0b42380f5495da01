/** Health changes without any event: while somebody looks, it is asked for every few seconds. */
import { refresh } from "./refresh.js";

const EVERY_MS = 5_000;

setInterval(() => {
  if (!document.hidden) refresh().catch(() => {});
}, EVERY_MS);
