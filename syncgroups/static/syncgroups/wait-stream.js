/* Hears from the server when there is something new, so that a waiting page need not ask so often. Belongs to wait.js,
 * which asks all the same: what is heard is a hint, and silence proves nothing. Configured by the same element:
 *
 * data-stream-url          an event stream, of whose events only `changed` matters
 * data-push-poll-interval  seconds between two polls while the stream is open
 */
(() => {
  "use strict";

  const SHORTEST_PAUSE = 5; // seconds before a stream that broke is tried again; doubled with each failure in a row
  const LONGEST_PAUSE = 300;
  const PROVEN = 30; // seconds after which a stream has been good

  const page = document.querySelector("[data-syncgroups-wait][data-stream-url]");
  if (!page || !window.EventSource) {
    return;
  }
  const pushed = Number(page.dataset.pushPollInterval) || 10;
  let stream = null;
  let openedAt = null;
  let failures = 0;
  let timer = null;
  let heard = false; // something new, since the last poll
  let known = null; // what the last poll said

  function tell(name, detail) {
    page.dispatchEvent(new CustomEvent(`syncgroups:${name}`, { detail }));
  }

  /** Browsers open six connections to a host: a window that nobody looks at leaves them to others. */
  function open() {
    clearTimeout(timer);
    if (stream || document.hidden) {
      return;
    }
    stream = new EventSource(page.dataset.streamUrl);
    stream.addEventListener("open", begin);
    stream.addEventListener("changed", hear);
    stream.addEventListener("error", fallBack);
  }

  /** What happened before the stream was open has not been heard. */
  function begin() {
    openedAt = performance.now();
    known = null;
    tell("pace", pushed);
    tell("poll");
  }

  function hear() {
    heard = true;
    tell("poll");
  }

  function close() {
    clearTimeout(timer);
    if (stream) {
      stream.close();
      stream = null;
      openedAt = null;
      tell("pace", 0);
    }
  }

  function fallBack() {
    const good = openedAt !== null && performance.now() - openedAt > PROVEN * 1000;
    failures = good ? 0 : failures + 1;
    close();
    const pause = Math.min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** failures) * (0.5 + Math.random() / 2);
    timer = setTimeout(open, pause * 1000);
  }

  /** A stream that says nothing although there is news is kept back by something on the way, and of no use. */
  function compare(event) {
    const news = JSON.stringify([event.detail.wait.n_here, event.detail.wait.n_needed]);
    const missed = openedAt !== null && known !== null && news !== known && !heard;
    known = news;
    heard = false;
    if (missed) {
      fallBack();
    }
  }

  page.addEventListener("syncgroups:standing", compare);
  page.addEventListener("syncgroups:ended", close);
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  open();
})();
