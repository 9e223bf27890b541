/* Keeps a waiting page up to date, and reloads it once its visit has ended: the server then lets through
 * or explains. Configured by attributes of the element that has `data-syncgroups-wait`:
 *
 * data-poll-url       address of the standing (required)
 * data-client-url     address of client.js, by which is asked; by default next to this file
 * data-visit          the visit whose end is awaited (required)
 * data-poll-interval  seconds between two polls at least; the server may ask for more
 * data-token          sent as `Authorization: Participant <token>`, for sites that use no cookie
 * data-turn-url       where to go, still waiting, after `data-turn-after` seconds
 *
 * Tells others, by events on that element:
 *
 * syncgroups:standing  after each poll, with {wait, paused, now}: `now` is the server's clock, in milliseconds
 * syncgroups:trouble   after each poll that failed
 * syncgroups:ended     before the page is left, with {active, holds}: `active` where its reader goes on now, and waits
 *                      nowhere else; it is left once all promises in `holds` have settled, or after a second
 *
 * and heeds two: syncgroups:poll (there may be something new) and syncgroups:pace (with the seconds between two polls, or 0 for the usual).
 *
 * Depends on client.js only, writes no style and no markup: it works under a strict Content-Security-Policy.
 */
(() => {
  "use strict";

  const LONGEST_PAUSE = 30; // seconds
  const HIDDEN_FACTOR = 4; // times as slow while nobody looks
  const LONGEST_HOLD = 1; // seconds
  const HIDING = 0.2; // seconds for which a page is hidden before that is told: a page that is closed is hidden, too
  const PATIENCE = 3; // attempts to load client.js, after which the page is loaded anew
  const SENDING = 30; // seconds for which a form that was sent holds up everything else
  const SHORTEST_LULL = 0.2; // seconds between an answer and a question because of a hint: hints come in crowds

  const page = document.querySelector("[data-syncgroups-wait]");
  if (!page) {
    return;
  }
  const counts = page.querySelector("[data-syncgroups-counts]");
  const message = page.querySelector("[data-syncgroups-message]");
  const trouble = page.querySelector("[data-syncgroups-trouble]");
  const mark = `syncgroups-reloaded-${page.dataset.visit}`;
  const forms = counts && counts.dataset.forms ? JSON.parse(counts.dataset.forms) : null;

  const shortest = Number(page.dataset.pollInterval) || 1;
  const turnAt = page.dataset.turnUrl ? performance.now() + Number(page.dataset.turnAfter) * 1000 : Infinity;
  let interval = shortest;
  let pace = 0;
  let me = null; // who asks, once client.js is there
  let refusedFor = 0; // seconds, by the server
  let failures = 0;
  let timer = null;
  let asking = null; // what aborts the question that is on its way
  let answeredAt = -Infinity;
  let hinted = false; // since the last question
  let leaving = false;
  let toldHidden = false;

  /** Ask how things stand. What is urgent does not wait for a question that is on its way, but takes its place. */
  async function poll(urgent = false) {
    if (leaving || (asking && !urgent)) {
      return;
    }
    if (asking) {
      asking.abort();
    }
    const mine = new AbortController();
    asking = mine;
    hinted = false;
    clearTimeout(timer);
    try {
      const standing = await ask(mine, urgent);
      if (asking === mine && !leaving) {
        take(standing, me.now);
      }
    } catch (problem) {
      if (asking === mine) {
        stumble(problem);
      }
    } finally {
      if (asking === mine) {
        asking = null;
        answeredAt = performance.now();
        schedule();
      }
    }
  }

  async function ask(patience, keepalive) {
    await load();
    toldHidden = document.hidden && !leaving;
    return me.standing({ hidden: toldHidden, keepalive, signal: patience.signal });
  }

  async function load() {
    if (!me) {
      const { Participant } = await import(page.dataset.clientUrl || "./client.js");
      me = new Participant({ me: page.dataset.pollUrl, token: page.dataset.token });
    }
  }

  /** Whoever asks too often waits, and nothing is wrong. Where asking again cannot help, the page itself may. */
  function stumble(problem) {
    refusedFor = problem.status === 429 ? problem.retryAfter : 0;
    if (refusedFor) {
      return;
    }
    failures += 1;
    say(trouble, trouble && !leaving ? trouble.dataset.text : "");
    tell("trouble");
    if (problem.isFinal) {
      reloadOnce();
    } else if (!me && failures >= PATIENCE) {
      reloadIfThere();
    }
  }

  /** As without scripts; but not while there is no connection, which would replace the page by an error. */
  async function reloadIfThere() {
    const { status } = await fetch(location.href, { method: "HEAD" }).catch(() => ({ status: 0 }));
    if (status && status < 500) {
      reload(); // A refusal is a page, too, which says why.
    }
  }

  function take(standing, now) {
    failures = refusedFor = 0;
    say(trouble, "");
    remember(null);
    interval = Math.max(shortest, Number(standing.poll_after) || 0);
    const wait = standing.waits.find((open) => open.visit_id === page.dataset.visit);
    if (!wait) {
      // Whoever waits elsewhere now, as those do who are sent back to be grouped, cannot go on yet.
      end(standing.status === "working" && !standing.failed && !standing.waits.length);
      return;
    }
    if (counts) {
      say(counts, wait.n_needed === null || !forms ? "" : countsText(wait));
    }
    say(message, wait.message);
    tell("standing", { wait, paused: Boolean(wait.paused), now });
    if (performance.now() >= turnAt) {
      leave(page.dataset.turnUrl);
    }
  }

  /** The form for the sample whose number has the same form in the language of the page. */
  function countsText(wait) {
    const here = Math.min(wait.n_here, wait.n_needed);
    const samples = Object.keys(forms); // ascending; the form of the last one is that of all others, too
    const alike = samples.find((sample) => kindOf(sample) === kindOf(here)) || samples[samples.length - 1];
    return forms[alike].replace("{here}", here).replace("{needed}", wait.n_needed);
  }

  function kindOf(number) {
    try {
      return new Intl.PluralRules(document.documentElement.lang || undefined).select(Number(number));
    } catch {
      return Number(number) === 1 ? "one" : "other"; // The site has made up a name for its language.
    }
  }

  /** Change text only where it differs: screen readers announce what changes. */
  function say(element, text) {
    if (element && element.textContent.trim() !== (text || "")) {
      element.textContent = text || "";
    }
  }

  function tell(name, detail = {}) {
    page.dispatchEvent(new CustomEvent(`syncgroups:${name}`, { detail }));
  }

  function schedule() {
    if (leaving || asking) {
      return;
    }
    let pause = document.hidden ? interval * HIDDEN_FACTOR : Math.max(interval, pace);
    if (failures) {
      pause = Math.max(pause, Math.min(LONGEST_PAUSE, interval * 2 ** failures) * (0.5 + Math.random() / 2));
    } else {
      pause *= 0.9 + Math.random() * 0.2; // so that pages opened together do not poll together
      const turn = (turnAt - performance.now()) / 1000;
      pause = turn > 0 ? Math.min(pause, turn) : pause;
      const lull = SHORTEST_LULL - (performance.now() - answeredAt) / 1000;
      pause = hinted ? Math.min(pause, Math.max(lull, 0)) : pause;
    }
    clearTimeout(timer);
    timer = setTimeout(poll, Math.max(Math.min(pause, LONGEST_PAUSE), refusedFor) * 1000);
  }

  /** The visit is over. Others may signal it before the page is left. */
  async function end(active) {
    leaving = true;
    const holds = [];
    tell("ended", { active, holds });
    if (holds.length) {
      const limit = new Promise((resolve) => setTimeout(resolve, LONGEST_HOLD * 1000));
      await Promise.race([Promise.allSettled(holds), limit]);
    }
    reload();
  }

  /** Ask for the page anew, as a GET even where it answered a form. */
  function reload() {
    leave(location.origin + location.pathname + location.search); // a path may begin like another site's address
  }

  function leave(address) {
    leaving = true;
    clearTimeout(timer);
    location.replace(address);
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
    leaving = false;
    poll(true);
  }

  /** A page that is gone is not one that is hidden. What has been told otherwise is taken back. */
  function part() {
    const untrue = toldHidden && !leaving;
    leaving = true;
    clearTimeout(timer);
    if (untrue) {
      asking?.abort();
      ask(new AbortController(), true).catch(() => {});
    }
  }

  window.addEventListener("online", hurry);
  window.addEventListener("pagehide", part);
  window.addEventListener("pageshow", (event) => event.persisted && hurry());
  // The server is told at once that nobody sees the page, and that somebody does.
  document.addEventListener("visibilitychange", () =>
    document.hidden ? setTimeout(() => document.hidden && poll(true), HIDING * 1000) : hurry(),
  );
  page.addEventListener("syncgroups:poll", () => {
    hinted = true;
    schedule();
  });
  page.addEventListener("syncgroups:pace", (event) => {
    pace = event.detail;
    schedule();
  });
  // A form that is on its way must not be overtaken by a reload. One that leads nowhere, since its reader has stopped it
  // or it opens another window, must not be the last that is heard of the page.
  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) {
      leaving = true;
      setTimeout(hurry, SENDING * 1000);
    }
  });
  load().catch(() => {}); // It is tried again by each poll.
  schedule();
})();
