// A session that is about to end says so and can go on; one that has ended leaves nothing to read on the screen.
import { addressOfKept, giveUp } from "./unsaved.js";

const WARNING = 5 * 60; // seconds
let timer;
let notice;

const after = (seconds, what) => {
  clearTimeout(timer);
  timer = setTimeout(what, Math.max(1, seconds) * 1000);
};

const element = (name, text, className) => {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
};

async function ask(address, options) {
  const answer = await fetch(address, { redirect: "error", cache: "no-store", ...options });
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

async function look() {
  try {
    act(await ask("/sign-in/remaining"));
  } catch {
    after(60, look); // no connection: asked again
  }
}

function act({ seconds, at, final }) {
  if (seconds <= 0) return hasEnded();
  if (seconds > WARNING) {
    notice?.remove();
    notice = null;
    return after(seconds - WARNING, look);
  }
  warn(at, final);
  after(seconds + 1, look);
}

function warn(at, final) {
  notice?.remove();
  notice = element("div", "", "tracker-session");
  notice.setAttribute("role", "alert");
  const inner = element("div", "", "nhsuk-width-container tracker-width");
  inner.append(element("p", `You will be signed out at ${at}.`, "tracker-session__text"));
  if (final) {
    inner.append(element("p", "A session cannot last longer. Save what you typed, and sign in again."));
  } else {
    const stay = element("button", "Stay signed in", "nhsuk-button nhsuk-button--small");
    stay.type = "button";
    stay.addEventListener("click", goOn);
    inner.append(stay);
  }
  notice.append(inner);
  document.body.prepend(notice);
}

async function goOn() {
  const token = document.querySelector("input[name=csrf_token]").value;
  try {
    act(await ask("/sign-in/extend", { method: "POST", body: new URLSearchParams({ csrf_token: token }) }));
  } catch {
    look();
  }
}

function hasEnded() {
  clearTimeout(timer);
  notice?.remove();
  giveUp();
  const kept = addressOfKept();
  const here = kept ?? location.pathname + location.search;
  const heading = element("h1", "You have been signed out", "nhsuk-heading-l");
  heading.tabIndex = -1;
  const link = element("a", "Sign in again", "nhsuk-link");
  link.href = `/sign-in/?${new URLSearchParams({ next: here })}`;
  const way = element("p", "", "nhsuk-body");
  way.append(link);
  const words = kept ? [element("p", "What you typed is kept for 24 hours.", "nhsuk-body")] : [];
  document.querySelector("main").replaceChildren(heading, ...words, way);
  document.querySelectorAll(".nhsuk-header__account, .nhsuk-header__navigation, .nhsuk-back-link, .nhsuk-footer__meta").forEach((part) => part.remove());
  document.title = "You have been signed out – Safeguarding Case Review Tracker – NHS";
  heading.focus();
}

export function watchSession() {
  const seconds = document.querySelector("meta[name=tracker-session]")?.content;
  if (!seconds) return;
  after(seconds - WARNING, look);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") look();
  });
}
