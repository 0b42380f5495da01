/** The page of a task: what is assigned goes out as a list, which a form cannot say. */
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target.closest("form[data-hand]");
    if (form) form.dataset.body = JSON.stringify({ who: [form.querySelector("input").value.trim()] });
  },
  true, // before act.js sends it
);
