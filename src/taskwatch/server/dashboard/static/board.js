/** The board: filters work at once, one menu serves all rows, late tasks are announced in a corner. */
import { openBelow } from "./menu.js";
import { onFact, onRefresh, refresh } from "./refresh.js";
import { toast } from "./toast.js";

document.addEventListener("change", (event) => {
  const form = event.target.closest("#filters");
  if (!form) return;
  const chosen = [...new FormData(form)].filter(([, value]) => value);
  const query = new URLSearchParams(chosen).toString();
  history.pushState(null, "", query ? `?${query}` : location.pathname);
  refresh().catch(() => form.submit());
});

// The way back in the history brings the filters of then.
let isBack = false;
addEventListener("popstate", () => (isBack = true));
onRefresh(() => {
  if (isBack) document.getElementById("filters").reset();
  isBack = false;
});

document.addEventListener("click", (event) => {
  const menu = document.getElementById("snooze");
  const opener = event.target.closest("[data-snooze]");
  if (!opener) return event.target.closest("#snooze button") && menu.hidePopover();
  const { snooze: id, code } = opener.dataset;
  for (const button of menu.children) {
    button.dataset.act = `/api/v1/tasks/${id}/snooze`;
    button.dataset.done = `${code} is snoozed for ${button.dataset.for}`;
  }
  openBelow(menu, opener);
});

onFact(({ kind, data }) => {
  if (kind !== "task.sla.exceeded") return;
  const level = ["critical", "high"].includes(data.alert_level) ? "error" : "warn";
  toast(`Task "${data.task_name}" exceeded SLA by ${data.exceeded_by_minutes} minutes`, level);
});
