/* Hears from the server when there is something new, so that a waiting page need not ask so often. Belongs to wait.js,
 * which asks all the same: what is heard is a hint, and silence proves nothing. Configured by the same element:
 *
 * data-stream-url          an event stream, of whose events only `changed` matters; the first one says that it works
 * data-push-poll-interval  seconds between two polls while it does
 */
(() => {
  "use strict";

  const SHORTEST_PAUSE = 5; // seconds before a stream that broke is tried again; doubled with each failure in a row
  const LONGEST_PAUSE = 300;
  const PROVEN = 30; // seconds after which a stream has been good
  const FIRST = 5; // seconds in which the first event has to come: something on the way may keep it back

  const page = document.querySelector("[data-syncgroups-wait][data-stream-url]");
  if (!page || !window.EventSource) {
    return;
  }
  const wish = page.querySelector("[data-syncgroups-signal]"); // for a sound, which wait-signal.js makes
  const pushed = Number(page.dataset.pushPollInterval) || 10;
  let stream = null;
  let worksSince = null;
  let failures = 0;
  let timer = null;

  function tell(name, detail) {
    page.dispatchEvent(new CustomEvent(`syncgroups:${name}`, { detail }));
  }

  /**
   * Browsers open six connections to a host: a window that nobody looks at leaves them to others. But whoever has asked
   * for a sound looks elsewhere because of that, and polls of hidden pages come as late as a minute.
   */
  function isUnattended() {
    return document.hidden && !(wish && wish.checked);
  }

  function open() {
    if (stream || isUnattended()) {
      return;
    }
    clearTimeout(timer);
    stream = new EventSource(page.dataset.streamUrl);
    stream.addEventListener("changed", hear);
    stream.addEventListener("error", fallBack);
    timer = setTimeout(fallBack, FIRST * 1000);
  }

  function hear() {
    if (worksSince === null) {
      clearTimeout(timer);
      worksSince = performance.now();
      tell("pace", pushed);
    }
    tell("poll");
  }

  function close() {
    clearTimeout(timer);
    if (stream) {
      stream.close();
      stream = null;
      worksSince = null;
      tell("pace", 0);
    }
  }

  /** Poll as usual, and try again after a while. */
  function fallBack() {
    const good = worksSince !== null && performance.now() - worksSince > PROVEN * 1000;
    failures = good ? 0 : failures + 1;
    close();
    const pause = Math.min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** failures) * (0.5 + Math.random() / 2);
    timer = setTimeout(open, pause * 1000);
  }

  page.addEventListener("syncgroups:ended", close);
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  document.addEventListener("visibilitychange", () => (isUnattended() ? close() : open()));
  open();
})();
