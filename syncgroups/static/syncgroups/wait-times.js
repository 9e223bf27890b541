/* Shows on a waiting page how long it has taken, how long it may take yet, and, towards the end, the choice between
 * more time and leaving. Belongs to wait.js, of whose events it lives. Configured by attributes of the same element:
 *
 * data-now, data-since, data-deadline  moments, by the server's clock
 * data-estimate-url                    where to ask, now and then, how long it will probably take
 *
 * The form of the choice is hidden until then, in a pause, and anew where the deadline has moved. Its button `extend` is
 * disabled once there is no more time to be had. Its `data-most` says how often there was: from that follows how often it
 * has been had, which is kept in `extensions`.
 *
 * The reader's clock may be wrong by hours. So the time is the server's, carried on by a clock that nobody sets.
 */
(() => {
  "use strict";

  const ESTIMATE_INTERVAL = 30; // seconds
  const SILENCE = 60; // seconds in which wait.js has asked for the first time, be it in vain
  const CHOICE_AT_LEAST = 60; // seconds before the end at which the choice is shown at the latest

  const page = document.querySelector("[data-syncgroups-wait][data-now]");
  if (!page) {
    return;
  }
  const part = (name) => page.querySelector(`[data-syncgroups-${name}]`);
  const [times, waited, left, until] = ["times", "waited", "left", "until"].map(part);
  const [estimate, paused, choice, announcement] = ["estimate", "paused", "choice", "announcement"].map(part);
  const extend = choice && choice.querySelector('[value="extend"]');
  const extensions = choice && choice.querySelector('[name="extensions"]');

  let since = Date.parse(page.dataset.since);
  let deadline = Date.parse(page.dataset.deadline);
  /** What the server's clock is ahead of the page's own, which counts milliseconds from the page's birth. */
  let ahead = Date.parse(page.dataset.now) - (birth().responseStart || performance.now());
  let held = Boolean(paused && paused.textContent.trim()); // by a pause, in which no time runs
  let over = false;
  let silence = 0; // seconds since the page was there, in which nothing was heard of wait.js

  function birth() {
    return performance.getEntriesByType("navigation")[0] || {};
  }

  function now() {
    return performance.now() + ahead;
  }

  /** Clocks stop while a machine sleeps. The server tells whole seconds, so what is known is right within one. */
  function setClock(moment) {
    if (!Number.isNaN(moment)) {
      const seen = moment - performance.now();
      ahead = Math.min(Math.max(ahead, seen), seen + 1500);
    }
  }

  function show() {
    say(waited, span(now() - since));
    say(left, span(deadline - now()));
    offerChoice();
  }

  /** 0:07, 12:30, 1:02:05: as the server writes it. */
  function span(milliseconds) {
    const seconds = Math.max(0, Math.floor(milliseconds / 1000));
    const two = (number) => String(number).padStart(2, "0");
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
  }

  /** The reader's own variety of the page's language: clocks differ between British and American English. */
  function locale() {
    const language = document.documentElement.lang || undefined;
    const base = (tag) => tag.split("-")[0].toLowerCase();
    return language && (navigator.languages.find((own) => base(own) === base(language)) || language);
  }

  /** Put the deadline into the reader's own time zone. */
  function showUntil() {
    const time = until && until.querySelector("time");
    if (!time || Number.isNaN(deadline)) {
      return;
    }
    time.dateTime = new Date(deadline).toISOString();
    say(time, format().format(deadline));
  }

  function format() {
    const shape = { hour: "numeric", minute: "2-digit" };
    try {
      const own = new Intl.DateTimeFormat(locale(), shape);
      // The digits of all other numbers on the page.
      const odd = own.resolvedOptions().numberingSystem !== "latn";
      return odd ? new Intl.DateTimeFormat(locale(), { ...shape, numberingSystem: "latn" }) : own;
    } catch {
      return new Intl.DateTimeFormat(undefined, shape); // The site has made up a name for its language.
    }
  }

  /** The last third of the time, and the last minute at least. */
  function isNearlyUp() {
    return deadline - now() <= Math.max((deadline - since) / 3, CHOICE_AT_LEAST * 1000);
  }

  function offerChoice() {
    if (choice && !over && !held && !("shown" in choice.dataset) && isNearlyUp()) {
      choice.dataset.shown = "";
      const last = !extend || extend.disabled;
      say(announcement, (last && choice.dataset.textLast) || choice.dataset.text);
    }
  }

  /** What has been said is true no longer. It is said again in its time. */
  function withdrawChoice() {
    if (choice && "shown" in choice.dataset) {
      delete choice.dataset.shown;
      say(announcement, "");
    }
  }

  function take(event) {
    const { wait, paused: isHeld, now: moment } = event.detail;
    held = isHeld;
    setClock(moment);
    say(paused, held ? paused?.dataset.text : "");
    if (times) {
      times.hidden = held;
    }
    since = Date.parse(wait.since);
    takeDeadline(Date.parse(wait.until));
    if (choice) {
      choice.hidden = held;
    }
    if (extend) {
      extend.disabled = wait.extensions_left === 0;
    }
    if (extensions && choice.dataset.most) {
      extensions.value = Number(choice.dataset.most) - wait.extensions_left;
    }
    show();
  }

  /** Only where the deadline moves is the choice taken back: the clock is put right by a second, to and fro. */
  function takeDeadline(moment) {
    const moved = moment !== deadline;
    deadline = moment;
    if (moved) {
      showUntil();
    }
    if (held || moved) {
      withdrawChoice();
    }
  }

  async function askEstimate() {
    if (over || document.hidden || held) {
      return;
    }
    const { clientUrl = "./client.js", pollUrl: me, token, estimateUrl } = page.dataset;
    try {
      const { Participant } = await import(clientUrl);
      say(estimate, (await new Participant({ me, token }).ask(new URL(estimateUrl, document.baseURI))).text);
    } catch {
      // It was only an estimate.
    }
  }

  /** What is out of date is not shown while there is no connection. */
  function mark(event) {
    page.classList.toggle("syncgroups-cut-off", event.type === "syncgroups:trouble");
  }

  /** Where wait.js could not be loaded nobody asks. Then the page is asked for anew, as it is without scripts. */
  async function listen() {
    silence += 1;
    if (silence === SILENCE) {
      const { status } = await fetch(location.href, { method: "HEAD" }).catch(() => ({ status: 0 }));
      if (status && status < 500) {
        location.replace(location.origin + location.pathname + location.search);
      }
      silence = 0; // Without a connection that is tried again.
    }
  }

  function say(element, text) {
    if (element && element.textContent.trim() !== text) {
      element.textContent = text;
    }
  }

  page.addEventListener("syncgroups:standing", take);
  for (const name of ["syncgroups:standing", "syncgroups:trouble"]) {
    page.addEventListener(name, mark);
    page.addEventListener(name, () => (silence = -Infinity));
  }
  page.addEventListener("syncgroups:ended", () => {
    over = true;
  });
  if (estimate && page.dataset.estimateUrl) {
    setInterval(askEstimate, ESTIMATE_INTERVAL * 1000);
  }
  setInterval(show, 1000);
  setInterval(listen, 1000);
  showUntil();
  show();
})();
