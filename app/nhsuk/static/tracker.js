// Improvements only: every page works without them.
import { initAll } from "./nhsuk-frontend.min.js";
import { watchSession } from "./session.js";
import { keepWhatIsTyped } from "./unsaved.js";

initAll();
watchSession();

// A question that depends on an answer shows while that answer is chosen.
function reveal() {
  for (const radio of document.querySelectorAll("[data-tracker-reveals]")) {
    const inner = document.getElementById(radio.dataset.trackerReveals);
    inner?.classList.toggle("nhsuk-radios__conditional--hidden", !radio.checked);
  }
}
document.addEventListener("change", reveal);
window.addEventListener("pageshow", reveal);
reveal();

// An address without the filters that were left empty is shorter and reads better.
for (const form of document.querySelectorAll("[data-tracker-filters]")) {
  form.addEventListener("formdata", (event) => {
    for (const [name, value] of [...event.formData]) {
      if (value === "") event.formData.delete(name);
    }
  });
}

// One checkbox more selects every row on the page.
for (const form of document.querySelectorAll("form[data-tracker-selects]")) {
  const boxes = [...form.elements].filter((one) => one.type === "checkbox");
  if (!boxes.length) continue;
  const copy = boxes[0].closest(".nhsuk-checkboxes").cloneNode(true);
  const all = copy.querySelector("input");
  const label = copy.querySelector("label");
  all.removeAttribute("form");
  all.removeAttribute("name");
  all.id = label.htmlFor = "select-all";
  all.checked = false;
  label.textContent = "Select all on this page";
  form.prepend(copy);
  all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
}

// A date pasted whole into the first part of a date spreads over the three.
const WHOLE = /^\s*(\d{1,2})\s*[/. -]\s*(\d{1,2})\s*[/. -]\s*(\d{4})\s*$/;
for (const group of document.querySelectorAll(".nhsuk-date-input")) {
  const parts = group.querySelectorAll("input");
  group.addEventListener("paste", (event) => {
    const match = WHOLE.exec(event.clipboardData.getData("text"));
    if (!match || parts.length !== 3) return;
    event.preventDefault();
    parts.forEach((part, index) => (part.value = match[index + 1]));
    parts[2].focus();
  });
}

// Last, so that what the page itself has put right counts as not typed.
keepWhatIsTyped();
