/* Keeps a waiting page up to date, and reloads it once its visit has ended: the server then lets through
 * or explains. Configured by attributes of the element that has `data-syncgroups-wait`:
 *
 * data-poll-url       address of the standing (required)
 * data-visit          the visit whose end is awaited (required)
 * data-poll-interval  seconds between two polls at least; the server may ask for more
 * data-token          sent as `Authorization: Participant <token>`, for sites that use no cookie
 *
 * Depends on nothing, writes no style and no markup: it works under a strict Content-Security-Policy.
 */
(() => {
  "use strict";

  const LONGEST_PAUSE = 30; // seconds
  const PATIENCE = 10; // seconds for which an answer is awaited
  const HIDDEN_FACTOR = 4; // times as slow while nobody looks

  const page = document.querySelector("[data-syncgroups-wait]");
  if (!page) {
    return;
  }
  const counts = page.querySelector("[data-syncgroups-counts]");
  const trouble = page.querySelector("[data-syncgroups-trouble]");
  const until = page.querySelector("[data-syncgroups-until]");
  const mark = `syncgroups-reloaded-${page.dataset.visit}`;

  const shortest = Number(page.dataset.pollInterval) || 1;
  let interval = shortest;
  let failures = 0;
  let timer = null;
  let asking = false;
  let leaving = false;

  async function poll() {
    if (asking || leaving) {
      return;
    }
    asking = true;
    clearTimeout(timer);
    try {
      take(await ask());
    } catch {
      failures += 1;
      say(trouble, trouble && !leaving ? trouble.dataset.text : "");
    } finally {
      asking = false;
      schedule();
    }
  }

  async function ask() {
    const headers = { Accept: "application/json" };
    if (page.dataset.token) {
      headers.Authorization = `Participant ${page.dataset.token}`;
    }
    const patience = new AbortController();
    const limit = setTimeout(() => patience.abort(), PATIENCE * 1000);
    try {
      // "no-cache" lets the browser send If-None-Match, and answer from its cache on 304.
      const response = await fetch(page.dataset.pollUrl, {
        headers,
        cache: "no-cache",
        credentials: "same-origin",
        redirect: "manual",
        signal: patience.signal,
      });
      if (isRefusal(response)) {
        reloadOnce();
      }
      if (!response.ok) {
        throw new Error(`status ${response.status}`);
      }
      return await response.json();
    } finally {
      clearTimeout(limit);
    }
  }

  /** Whether asking again cannot help, but the page itself may know what to say. */
  function isRefusal(response) {
    const passing = [408, 425, 429];
    return (
      response.type === "opaqueredirect" ||
      (response.status >= 400 && response.status < 500 && !passing.includes(response.status))
    );
  }

  function take(standing) {
    failures = 0;
    say(trouble, "");
    remember(null);
    interval = Math.max(shortest, Number(standing.poll_after) || 0);
    const wait = standing.waits.find((open) => open.visit_id === page.dataset.visit);
    if (!wait) {
      reload();
      return;
    }
    if (counts) {
      say(counts, wait.n_needed === null ? "" : countsText(wait));
    }
    showUntil(wait.until);
  }

  function countsText(wait) {
    const text = wait.n_here === 1 ? counts.dataset.textOne : counts.dataset.textMany;
    return text.replace("{here}", wait.n_here).replace("{needed}", wait.n_needed);
  }

  /** The reader's own variety of the page's language: clocks differ between British and American English. */
  function locale() {
    const language = document.documentElement.lang || undefined;
    const base = (tag) => tag.split("-")[0].toLowerCase();
    return language && (navigator.languages.find((own) => base(own) === base(language)) || language);
  }

  /** Put the deadline into the reader's own time zone. */
  function showUntil(moment) {
    const time = until && until.querySelector("time");
    const deadline = new Date(moment);
    if (!time || Number.isNaN(deadline.getTime())) {
      return;
    }
    const soon = deadline - Date.now() < 120 * 1000;
    const shape = { hour: "numeric", minute: "2-digit", ...(soon && { second: "2-digit" }) };
    time.dateTime = moment;
    say(time, deadline.toLocaleTimeString(locale(), shape));
    until.hidden = deadline < Date.now();
  }

  /** Change text only where it differs: screen readers announce what changes. */
  function say(element, text) {
    if (element && element.textContent.trim() !== (text || "")) {
      element.textContent = text || "";
    }
  }

  function schedule() {
    if (leaving) {
      return;
    }
    let pause = document.hidden ? interval * HIDDEN_FACTOR : interval;
    if (failures) {
      pause = Math.max(pause, Math.min(LONGEST_PAUSE, interval * 2 ** failures) * (0.5 + Math.random() / 2));
    } else {
      pause *= 0.9 + Math.random() * 0.2; // so that pages opened together do not poll together
    }
    clearTimeout(timer);
    timer = setTimeout(poll, Math.min(pause, LONGEST_PAUSE) * 1000);
  }

  /** Ask for the page anew, as a GET even where it answered a form. */
  function reload() {
    leaving = true;
    clearTimeout(timer);
    location.replace(location.pathname + location.search);
  }

  function reloadOnce() {
    if (!remembered()) {
      remember("1");
      reload();
    }
  }

  function remember(value) {
    try {
      if (value) {
        sessionStorage.setItem(mark, value);
      } else {
        sessionStorage.removeItem(mark);
      }
    } catch {
      // Storage may be forbidden; then the mark is of no use.
    }
  }

  function remembered() {
    try {
      return sessionStorage.getItem(mark) !== null;
    } catch {
      return true;
    }
  }

  /** Do not sit out a pause when there is reason to think that asking now will work. */
  function hurry() {
    if (!document.hidden) {
      leaving = false;
      poll();
    }
  }

  window.addEventListener("online", hurry);
  window.addEventListener("pageshow", (event) => event.persisted && hurry());
  document.addEventListener("visibilitychange", hurry);
  const time = until && until.querySelector("time");
  showUntil(time && time.dateTime);
  schedule();
})();
