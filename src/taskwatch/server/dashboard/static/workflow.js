/** The page of one workflow: what happens is said, its picture can be zoomed, walked and asked. */
import { onFact } from "./refresh.js";
import { toast } from "./toast.js";
import { keepHistory } from "./history.js";
import { keepWalking } from "./walk.js";
import { keepZoom } from "./zoom.js";

const SAY = {
  "task.status.changed": (task) =>
    task.new_status === "completed" && toast(`Task "${task.task_name}" completed!`, "success"),
  "task.became.ready": (task) => toast(`Task "${task.task_name}" is ready!`, "info"),
  "task.sla.exceeded": (task) =>
    toast(`⚠️ Task "${task.task_name}" exceeded SLA by ${task.exceeded_by_minutes} minutes!`, "error"),
};

onFact(({ kind, data }) => SAY[kind]?.(data));
keepZoom();
keepWalking();
keepHistory();
