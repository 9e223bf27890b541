/* Keeps the monitor up to date. Configured by the element that has `data-monitor`:
 *
 * data-live-url   what changes of the page, as HTML, with an ETag (required)
 * data-etag       of what the page shows at first
 * data-interval   seconds between two questions; more while the server does not answer, none while nobody looks
 *
 * Times since and until (`data-since`, `data-until`) are counted on between two answers, by the server's clock. After each
 * change the document is sent the event `syncgroups:monitor`, by which the plots are drawn anew.
 *
 * Writes no style and no script: it works under a strict Content-Security-Policy.
 */
const LONGEST_PAUSE = 30; // seconds
const PATIENCE = 10; // seconds for which an answer is awaited
const SHARE = 4; // times as long as an answer took, nothing is asked
const QUIET = 8; // seconds between two announcements: nobody can listen to more

const root = document.querySelector("[data-monitor]");
const live = document.getElementById("monitor-live");
const lost = root.querySelector("[data-monitor-lost]");
const status = root.querySelector("[data-monitor-status]");
const updated = root.querySelector("[data-monitor-updated]");
const hold = root.querySelector("[data-monitor-hold]");

const interval = Number(root.dataset.interval) || 2;
let etag = root.dataset.etag;
let ahead = Number(live.dataset.now) - Date.now(); // how far the server's clock is ahead of the reader's
let failures = 0;
let timer = null;
let asking = false;
let held = false;
let said = live.dataset.say;
let saidAt = -Infinity;

/** Ask what is new, unless that is being asked, nobody looks, or the reader wants no updates. */
async function ask() {
  clearTimeout(timer);
  if (asking || held || document.hidden) {
    return;
  }
  asking = true;
  const began = performance.now();
  try {
    const response = await fetch(root.dataset.liveUrl, {
      headers: { "If-None-Match": etag, Accept: "text/html" },
      credentials: "same-origin",
      redirect: "manual",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE * 1000),
    });
    if (response.type === "opaqueredirect" || [401, 403, 404].includes(response.status)) {
      fail("refused");
    } else if (response.status === 304) {
      recover();
    } else if (response.ok) {
      take(await response.text(), response.headers.get("ETag"));
      recover();
    } else {
      fail("lost");
    }
  } catch {
    fail("lost");
  } finally {
    asking = false;
    // A server that has much to say is asked more seldom.
    const usual = Math.max(interval, (SHARE * (performance.now() - began)) / 1000);
    const pause = Math.min(LONGEST_PAUSE, usual * 2 ** Math.min(failures, 6));
    timer = setTimeout(ask, pause * 1000 * (failures ? 0.5 + Math.random() / 2 : 1));
  }
}

function take(html, newEtag) {
  if (held) {
    return; // An answer that was on its way as the reader paused the updates.
  }
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("monitor-live");
  if (!fresh) {
    throw new Error("not the monitor");
  }
  etag = newEtag;
  ahead = Number(fresh.dataset.now) - Date.now();
  fillTimes(fresh);
  window.syncgroupsMorph(live, fresh);
  announce();
  document.dispatchEvent(new CustomEvent("syncgroups:monitor"));
}

/** Say how many things need attention when that has changed, and not too often. */
function announce() {
  if (live.dataset.say !== said && performance.now() - saidAt > QUIET * 1000) {
    said = live.dataset.say;
    saidAt = performance.now();
    status.textContent = said;
  }
}

function recover() {
  updated.textContent = clock(Date.now() + ahead);
  if (failures) {
    failures = 0;
    warn("");
    status.textContent = root.dataset.back;
  }
}

function fail(why) {
  failures += 1;
  const told = root.dataset[why].replace("{time}", updated.textContent);
  if (lost.textContent !== told) {
    warn(told);
    status.textContent = told;
  }
}

function warn(text) {
  lost.textContent = text;
  lost.hidden = !text;
  root.classList.toggle("is-stale", Boolean(text));
}

function clock(milliseconds) {
  // As the server writes times: its zone is the one of the page that it sent.
  const shift = Number(document.body.dataset.adminUtcOffset || 0);
  return new Date(milliseconds + shift * 1000).toISOString().slice(11, 19);
}

function words(seconds) {
  const all = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  const form = h ? root.dataset.hours : m ? root.dataset.minutes : root.dataset.seconds;
  return form.replace("%(h)d", h).replace("%(m)d", m).replace("%(s)d", s);
}

function fillTimes(within) {
  const now = Date.now() + ahead;
  for (const element of within.querySelectorAll("[data-since]")) {
    set(element, words((now - Date.parse(element.dataset.since)) / 1000));
  }
  for (const element of within.querySelectorAll("[data-until]")) {
    const left = (Date.parse(element.dataset.until) - now) / 1000;
    set(element, left > 0 ? words(left) : element.dataset.over);
  }
}

function set(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

hold.hidden = false;
hold.addEventListener("click", () => {
  held = !held;
  hold.setAttribute("aria-pressed", String(held));
  root.classList.toggle("is-held", held);
  warn(held ? root.dataset.held.replace("{time}", updated.textContent) : "");
  failures = 0;
  ask();
});
document.addEventListener("visibilitychange", ask);
window.addEventListener("pageshow", (event) => event.persisted && ask());
setInterval(() => !held && !document.hidden && fillTimes(live), 1000);
fillTimes(live);
timer = setTimeout(ask, interval * 1000);
