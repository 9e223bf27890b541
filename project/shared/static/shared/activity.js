/* For a page with something to do while waiting. Tells the server, by asking how things stand, that its reader is there,
 * and tells the reader how many have come. Whoever is let through is told so, and never interrupted.
 *
 * Configured by attributes of the element that has `data-demo-activity`: `data-poll-url`, `data-visit`, and the texts
 * `data-one`, `data-many` and `data-ready`. Another element, with `data-demo-until`, has a `<time>` in it.
 * Writes no style and no markup: it works under a strict Content-Security-Policy.
 */
(() => {
  "use strict";

  const PAUSE = 2000; // milliseconds
  const LONGEST_PAUSE = 30000;
  const PATIENCE = 10000; // for each answer
  const HIDING = 200; // for which a page is hidden before that is told: a page that is closed is hidden, too

  const status = document.querySelector("[data-demo-activity]");
  if (!status) {
    return;
  }
  const until = document.querySelector("[data-demo-until]");
  const { pollUrl, visit, one, many, ready } = status.dataset;
  const title = document.title;
  let failures = 0;
  let timer = null;
  let asking = null; // what aborts the question that is on its way
  let toldHidden = false;

  /** What is asked now takes the place of a question that is on its way, and only the last one is followed by another. */
  async function ask() {
    clearTimeout(timer);
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    const limit = setTimeout(() => mine.abort(), PATIENCE);
    try {
      toldHidden = document.hidden;
      const headers = toldHidden ? { "Syncgroups-Page": "hidden" } : {};
      const response = await fetch(pollUrl, { headers, cache: "no-cache", signal: mine.signal });
      if (!response.ok) {
        throw new Error(`status ${response.status}`);
      }
      const standing = await response.json();
      if (asking === mine) {
        failures = 0;
        take(standing);
      }
    } catch {
      failures += asking === mine ? 1 : 0;
    }
    clearTimeout(limit);
    if (asking === mine) {
      timer = setTimeout(ask, Math.min(LONGEST_PAUSE, PAUSE * 2 ** failures));
    }
  }

  function take(standing) {
    const wait = standing.waits.find((open) => open.visit_id === visit);
    if (standing.status !== "working" || standing.failed) {
      location.replace(location.pathname); // The page there says why it is over.
    } else if (wait) {
      say(text(wait), title);
    } else {
      say(ready, `● ${ready}`);
      until.hidden = true;
    }
  }

  function text({ n_here, n_needed: needed }) {
    const here = Math.min(n_here, needed);
    return needed === null ? "" : (here === 1 ? one : many).replace("{here}", here).replace("{needed}", needed);
  }

  /** Change text only where it differs: screen readers announce what changes. */
  function say(words, heading) {
    if (status.textContent !== words) {
      status.textContent = words;
      document.title = heading;
    }
  }

  /** Put the deadline into the reader's own time zone. */
  function showClock(time) {
    const shape = { hour: "numeric", minute: "2-digit" };
    time.textContent = new Date(time.dateTime).toLocaleTimeString(document.documentElement.lang, shape);
  }

  /** A page that is gone is not one that is hidden. What has been told otherwise is taken back. */
  function part() {
    clearTimeout(timer);
    if (toldHidden) {
      fetch(pollUrl, { cache: "no-cache", keepalive: true }).catch(() => {});
    }
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, document.hidden ? HIDING : 0);
  });
  window.addEventListener("pagehide", part);
  window.addEventListener("pageshow", (event) => event.persisted && ask());
  showClock(until.querySelector("time"));
  ask();
})();
