// Nothing that was typed is lost: the service keeps an unsaved form now and then, and leaving one asks first.

const AFTER = 20_000; // milliseconds
const LARGEST_ON_LEAVING = 60_000; // bytes: what a browser still sends for a page that is gone

const watched = [];

class Typed {
  constructor(form) {
    this.form = form;
    this.url = form.dataset.trackerKeep;
    this.status = form.querySelector("[data-tracker-kept]");
    // A form that came back with something wrong is unsaved as it stands.
    const cameBack = "trackerUnsaved" in form.dataset;
    this.first = this.kept = cameBack ? "" : this.words();
    this.isSending = false;
    if (cameBack) this.soon();
    form.addEventListener("input", () => this.soon());
    form.addEventListener("change", () => this.soon());
    form.addEventListener("submit", () => {
      this.isSending = true;
      clearTimeout(this.timer);
      this.asking?.abort();
    });
  }

  words() {
    return new URLSearchParams(new FormData(this.form)).toString();
  }

  get isUnsaved() {
    return !this.isSending && this.words() !== this.first;
  }

  soon() {
    this.timer ??= setTimeout(() => (this.url ? this.keep() : this.stay()), AFTER);
  }

  // A form of which nothing is kept: typing alone lets the session go on.
  stay() {
    this.timer = null;
    const token = this.form.querySelector("input[name=csrf_token]").value;
    fetch("/sign-in/extend", { method: "POST", body: new URLSearchParams({ csrf_token: token }) }).catch(() => {});
  }

  async keep() {
    clearTimeout(this.timer);
    this.timer = null;
    const words = this.words();
    if (!this.url || this.isSending || words === this.kept) return;
    this.asking = new AbortController();
    try {
      const answer = await fetch(this.url, {
        method: "POST",
        body: new URLSearchParams(words),
        keepalive: words.length < LARGEST_ON_LEAVING,
        redirect: "error",
        signal: this.asking.signal,
      });
      const { at, address } = answer.ok ? await answer.json() : {};
      if (!at) throw new Error("not kept");
      this.kept = words;
      this.address = address;
      this.status.textContent = `Kept at ${at}. Not saved yet.`;
    } catch {
      if (!this.isSending) this.status.textContent = "What you typed is not saved yet.";
    }
  }
}

// Where the first form that was kept comes back, if there is one.
export const addressOfKept = () => watched.find((typed) => typed.address)?.address;

export function keepWhatIsTyped() {
  for (const form of document.querySelectorAll("form[data-tracker-form]")) watched.push(new Typed(form));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") for (const typed of watched) typed.keep();
  });
  window.addEventListener("beforeunload", (event) => {
    if (watched.some((typed) => typed.isUnsaved)) event.preventDefault();
  });
  window.addEventListener("pageshow", () => {
    for (const typed of watched) typed.isSending = false;
  });
}

// The page is given up: nobody is asked whether to leave it.
export const giveUp = () => watched.forEach((typed) => (typed.isSending = true));
