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
  const group = boxes[0].closest(".nhsuk-checkboxes").cloneNode(false);
  const copy = boxes[0].closest(".nhsuk-checkboxes__item").cloneNode(true);
  copy.querySelector(".nhsuk-hint")?.remove();
  group.append(copy);
  const all = copy.querySelector("input");
  const label = copy.querySelector("label");
  for (const name of ["form", "name", "aria-describedby"]) all.removeAttribute(name);
  all.id = label.htmlFor = "select-all";
  label.textContent = "Select all on this page";
  (form.querySelector("[data-tracker-select-all]") ?? form).prepend(group);
  const look = () => (all.checked = boxes.every((box) => box.checked));
  all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
  boxes.forEach((box) => box.addEventListener("change", look));
  look();
}

// A page that waits for work to be done says now and then how far it is, and is read anew when it is done.
const working = document.querySelector("[data-tracker-working]");
async function lookAgain(times) {
  try {
    // What is done may lead on to another page.
    const answer = await fetch(location.href, { redirect: "manual", cache: "no-store" });
    if (answer.type === "opaqueredirect") return location.reload();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.querySelector("[data-tracker-working]");
    if (!now) return location.reload();
    // Not each time: a screen reader speaks it.
    if (times % 5 === 0) working.textContent = now.textContent;
  } catch {
    // No connection: asked again.
  }
  setTimeout(lookAgain, 3000, times + 1);
}
if (working) setTimeout(lookAgain, 1000, 1);

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
