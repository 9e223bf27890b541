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

  const status = document.querySelector("[data-demo-activity]");
  if (!status) {
    return;
  }
  const until = document.querySelector("[data-demo-until]");
  const { pollUrl, visit, one, many, ready } = status.dataset;
  const title = document.title;
  let failures = 0;
  let timer = null;

  async function ask() {
    clearTimeout(timer);
    try {
      const headers = document.hidden ? { "Syncgroups-Page": "hidden" } : {};
      const response = await fetch(pollUrl, { headers, cache: "no-cache" });
      if (!response.ok) {
        throw new Error(`status ${response.status}`);
      }
      failures = 0;
      take(await response.json());
    } catch {
      failures += 1;
    }
    timer = setTimeout(ask, Math.min(LONGEST_PAUSE, PAUSE * 2 ** failures));
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

  function text({ n_here: here, n_needed: needed }) {
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

  showClock(until.querySelector("time"));
  document.addEventListener("visibilitychange", ask);
  ask();
})();
